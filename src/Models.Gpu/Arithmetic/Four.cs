namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>One number for each of four rows.</summary>
internal struct Four
{
    public float A, B, C, D;

    /// <summary>Each plus its product with y.</summary>
    public static Four MultiplyAdd(Four x, float y, Four sum) => new()
    {
        A = Real.MultiplyAdd(x.A, y, sum.A),
        B = Real.MultiplyAdd(x.B, y, sum.B),
        C = Real.MultiplyAdd(x.C, y, sum.C),
        D = Real.MultiplyAdd(x.D, y, sum.D),
    };
}
