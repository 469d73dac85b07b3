using System.Runtime.InteropServices;

namespace Foretell.Bench.Gpu;

/// <summary>Lays arrays behind one another and keeps where each lies.</summary>
internal sealed class SectionWriter
{
    private readonly MemoryStream _bytes = new();
    private readonly Dictionary<string, PackSection> _sections = [];

    /// <summary>Where the sections lie.</summary>
    public IReadOnlyDictionary<string, PackSection> Sections => _sections;

    /// <summary>Adds a section.</summary>
    public void Add<T>(string name, ReadOnlySpan<T> elements) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(elements);
        _sections.Add(name, new PackSection(_bytes.Length, bytes.Length, Marshal.SizeOf<T>()));
        _bytes.Write(bytes);
    }

    /// <summary>All of it.</summary>
    public byte[] ToArray() => _bytes.ToArray();
}
