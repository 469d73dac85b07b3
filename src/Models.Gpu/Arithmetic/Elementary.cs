using ILGPU;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>The elementary functions of the CPU's step, one float at a time: the same operations in the same order, so the same
/// bits for every number (ElementaryTests).</summary>
internal static class Elementary
{
    /// <summary>exp(x) within 2 ulp; x is clamped to [-87, 88].</summary>
    public static float Exp(float x)
    {
        x = x < -87f ? -87f : x;
        x = x > 88f ? 88f : x;
        // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low mantissa bits.
        float shifted = Real.MultiplyAdd(x, 1.44269504f, 12582912f);
        float n = Real.Subtract(shifted, 12582912f);
        float r = Real.MultiplyAdd(n, -0.693145752f, x);
        r = Real.MultiplyAdd(n, -1.42860677e-6f, r);
        float p = 1f / 720;
        p = Real.MultiplyAdd(p, r, 1f / 120);
        p = Real.MultiplyAdd(p, r, 1f / 24);
        p = Real.MultiplyAdd(p, r, 1f / 6);
        p = Real.MultiplyAdd(p, r, 0.5f);
        p = Real.MultiplyAdd(p, r, 1f);
        p = Real.MultiplyAdd(p, r, 1f);
        return Interop.IntAsFloat(Interop.FloatAsInt(p) + (Interop.FloatAsInt(shifted) << 23));
    }

    /// <summary>exp(x) for weights: 0 below x = -60.</summary>
    public static float Weight(float x) => x > -60f ? Exp(x) : 0f;

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static float Sigmoid(float x) => 1f / Real.Add(1f, Exp(-x));

    /// <summary>x sigmoid(x).</summary>
    public static float Silu(float x) => Real.Multiply(x, Sigmoid(x));

    /// <summary>ln(x) within 2 ulp for positive normal x.</summary>
    public static float Log(float x)
    {
        // Split x = 2^e * m with m in [sqrt(1/2), sqrt(2)), then ln m = 2 atanh((m - 1) / (m + 1)).
        int bits = (int)Interop.FloatAsInt(x) - 0x3f3504f3;
        float e = bits >> 23;
        float m = Interop.IntAsFloat((uint)((bits & 0x007fffff) + 0x3f3504f3));
        float twoAtanh = TwoAtanh(Real.Subtract(m, 1f) / Real.Add(m, 1f));
        float low = Real.MultiplyAdd(e, 1.42860677e-6f, twoAtanh);
        return Real.MultiplyAdd(e, 0.693145752f, low);
    }

    /// <summary>ln(1 + y) for y in [0, 1].</summary>
    public static float Log1p(float y) => TwoAtanh(y / Real.Add(y, 2f));

    private static float TwoAtanh(float s)
    {
        float s2 = Real.Multiply(s, s);
        float p = 2f / 15;
        p = Real.MultiplyAdd(p, s2, 2f / 13);
        p = Real.MultiplyAdd(p, s2, 2f / 11);
        p = Real.MultiplyAdd(p, s2, 2f / 9);
        p = Real.MultiplyAdd(p, s2, 2f / 7);
        p = Real.MultiplyAdd(p, s2, 2f / 5);
        p = Real.MultiplyAdd(p, s2, 2f / 3);
        return Real.MultiplyAdd(Real.Multiply(p, s2), s, Real.Add(s, s));
    }
}
