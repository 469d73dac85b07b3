using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models.Numerics;

/// <summary>Elementary functions on 16 float lanes, built from additions, multiplications, divisions and fused
/// multiply-adds alone, so that they give the same bits on every processor with fused multiply-add (law 5).</summary>
internal static partial class VectorMath
{
    /// <summary>exp(x) within 2 ulp; x is clamped to [-87, 88].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-87f)), Vector512.Create(88f));
        // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low mantissa bits.
        var shift = Vector512.Create(12582912f);
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504f), shift);
        var n = shifted - shift;
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693145752f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.42860677e-6f), r);
        var p = Vector512.Create(1f / 720);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 120));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        return (p.AsInt32() + Vector512.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
    }

    /// <summary>exp(x) for weights: 0 below x = -60. What weighs 1e-26 adds nothing to a sum of floats, and its products soon
    /// leave the normal floats, where many processors take a hundred times as long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Weight(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(-60f)), Exp(x), Vector512<float>.Zero);

    /// <summary>ln(x) within 2 ulp for positive normal x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x)
    {
        // Split x = 2^e * m with m in [sqrt(1/2), sqrt(2)), then ln m = 2 atanh((m - 1) / (m + 1)).
        var bits = x.AsInt32() - Vector512.Create(0x3f3504f3);
        var e = Vector512.ConvertToSingle(Vector512.ShiftRightArithmetic(bits, 23));
        var m = ((bits & Vector512.Create(0x007fffff)) + Vector512.Create(0x3f3504f3)).AsSingle();
        var f = m - Vector512<float>.One;
        var twoAtanh = TwoAtanh(f / (m + Vector512<float>.One));
        var low = Vector512.FusedMultiplyAdd(e, Vector512.Create(1.42860677e-6f), twoAtanh);
        return Vector512.FusedMultiplyAdd(e, Vector512.Create(0.693145752f), low);
    }

    /// <summary>ln(1 + y) for y in [0, 1], relative error within 4 ulp also where y is tiny.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> y) => TwoAtanh(y / (y + Vector512.Create(2f)));

    /// <summary>1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) =>
        Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>Sum of the 16 lanes in a fixed order: halves, quarters, pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> x)
    {
        var half = x.GetLower() + x.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
    }

    /// <summary>Largest of the 16 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> x)
    {
        var half = Vector256.Max(x.GetLower(), x.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3]));
    }

    /// <summary>2 atanh(s) for |s| at most 1/3, by its Taylor series.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> TwoAtanh(Vector512<float> s)
    {
        var s2 = s * s;
        var p = Vector512.Create(2f / 15);
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 13));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 11));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 9));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 7));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 5));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2f / 3));
        return Vector512.FusedMultiplyAdd(p * s2, s, s + s);
    }
}
