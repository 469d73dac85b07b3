using System.Runtime.InteropServices;

namespace Foretell.Models.Numerics;

/// <summary>Floats outside the managed heap, zeroed, on a 64-byte boundary (one cache line, one vector).</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint Alignment = 64;
    private float* _pointer;

    /// <param name="length">Number of floats.</param>
    public AlignedBuffer(long length)
    {
        Length = length;
        nuint bytes = ((nuint)Math.Max(length, 1) * sizeof(float) + Alignment - 1) / Alignment * Alignment;
        _pointer = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_pointer, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    /// <summary>Releases what <see cref="Dispose"/> was not called for.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>First float.</summary>
    public float* Pointer => _pointer;

    /// <summary>All floats.</summary>
    public Span<float> Span => new(_pointer, checked((int)Length));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer != null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            GC.RemoveMemoryPressure(((long)Math.Max(Length, 1) * sizeof(float) + 63) / 64 * 64);
        }
    }
}
