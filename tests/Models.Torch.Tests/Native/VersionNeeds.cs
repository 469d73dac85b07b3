using System.Buffers.Binary;
using System.Text;

namespace Foretell.Models.Torch.Tests.Native;

/// <summary>The symbol versions that an ELF library for 64-bit Linux asks of others, and a way to ask less firmly.</summary>
/// <remarks>
/// TorchSharp's libLibTorchSharp.so names GLIBCXX_3.4.32 (libstdc++ of GCC 13.2) for one symbol that nothing in it uses. Marked as a
/// weak need, an older libstdc++ will do. Only copies in a test's output are changed.
/// Source: Linux Standard Base, symbol versioning, section 10.7.3 (.gnu.version_r).
/// </remarks>
internal static class VersionNeeds
{
    private const uint VersionNeedSection = 0x6ffffffe;
    private const ushort Weak = 2;

    /// <summary>Marks a needed version as weak.</summary>
    /// <param name="file">The library's bytes; changed.</param>
    /// <param name="version">Such as "GLIBCXX_3.4.32".</param>
    /// <returns>Whether the library asked for it firmly.</returns>
    /// <exception cref="InvalidDataException">It is no 64-bit little-endian ELF file.</exception>
    public static bool Weaken(Span<byte> file, string version)
    {
        if (file.Length < 64 || !file.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("The file is no 64-bit little-endian ELF library.");
        }
        int sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[0x28..]), size = U16(file, 0x3a), count = U16(file, 0x3c);
        bool found = false;
        for (int i = 0; i < count; i++)
        {
            int section = sections + i * size;
            if (U32(file, section + 4) == VersionNeedSection)
            {
                int names = At(file, sections + (int)U32(file, section + 40) * size);
                found |= WeakenIn(file, At(file, section), names, version);
            }
        }
        return found;
    }

    /// <summary>Goes through the libraries of a section, and each one's versions.</summary>
    private static bool WeakenIn(Span<byte> file, int library, int names, string version)
    {
        bool found = false;
        for (uint next = 1; next != 0; library += (int)next)
        {
            next = U32(file, library + 12);
            int needed = library + (int)U32(file, library + 8);
            for (int left = U16(file, library + 2); left > 0; left--, needed += (int)U32(file, needed + 12))
            {
                Span<byte> flags = file[(needed + 4)..];
                ushort flag = BinaryPrimitives.ReadUInt16LittleEndian(flags);
                if (NameAt(file, names + (int)U32(file, needed + 8)) == version && (flag & Weak) == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(flag | Weak));
                    found = true;
                }
            }
        }
        return found;
    }

    /// <summary>Where a section's contents lie in the file.</summary>
    private static int At(ReadOnlySpan<byte> file, int section) => (int)BinaryPrimitives.ReadUInt64LittleEndian(file[(section + 24)..]);

    private static string NameAt(ReadOnlySpan<byte> file, int offset) =>
        Encoding.ASCII.GetString(file[offset..][..file[offset..].IndexOf((byte)0)]);

    private static ushort U16(ReadOnlySpan<byte> file, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(file[offset..]);

    private static uint U32(ReadOnlySpan<byte> file, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(file[offset..]);
}
