namespace Foretell.Models.Gpu.Kernels;

/// <summary>One event as a kernel reads it: 24 bytes.</summary>
internal struct StepEvent
{
    /// <summary>Row in the slab.</summary>
    public int Row;

    /// <summary>Index of the mark.</summary>
    public int Mark;

    /// <summary>1 for a stream's first event, else 0. The ordinal alone cannot say it: its upper half is missing.</summary>
    public int IsFirst;

    /// <summary>Lower half of how many events the stream had before: all that the rounding's hash takes.</summary>
    public uint Ordinal;

    /// <summary>Time since the previous event, in the model's time unit.</summary>
    public float Gap;

    /// <summary>Standardised logarithm of the gap.</summary>
    public float Z;
}
