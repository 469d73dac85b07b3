using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models.Numerics;

/// <content>The same in double, 8 lanes: where scores are kept with a row, the platform's own functions would give it other bits
/// elsewhere.</content>
internal static partial class VectorMath
{
    // Adding 1.5 * 2^52 rounds to an integer and leaves that integer in the low mantissa bits.
    private const double RoundingShift = 6755399441055744;

    // 1 / n!, n falling.
    private static ReadOnlySpan<double> ExpSeries =>
    [
        1.0 / 39_916_800, 1.0 / 3_628_800, 1.0 / 362_880, 1.0 / 40_320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1,
    ];

    /// <summary>exp(x) within 1e-14, relative; x is clamped to [-708, 709].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        // Where a processor has no such vectors each operation on them is a call: a fifth of the speed of two halves.
        if (!Vector512.IsHardwareAccelerated)
        {
            return Vector512.Create(Exp(x.GetLower()), Exp(x.GetUpper()));
        }
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-708.0)), Vector512.Create(709.0));
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.4426950408889634), Vector512.Create(RoundingShift));
        var n = shifted - Vector512.Create(RoundingShift);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693147180369123816490), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.90821492927058770002e-10), r);
        var p = Polynomial(ExpSeries, r);
        return (p.AsInt64() + Vector512.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    private static Vector256<double> Exp(Vector256<double> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-708.0)), Vector256.Create(709.0));
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.4426950408889634), Vector256.Create(RoundingShift));
        var n = shifted - Vector256.Create(RoundingShift);
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693147180369123816490), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-1.90821492927058770002e-10), r);
        var p = Polynomial(ExpSeries, r);
        return (p.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    /// <summary>A polynomial in t by Horner's rule.</summary>
    /// <param name="coefficients">The highest power's first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Polynomial(ReadOnlySpan<double> coefficients, Vector512<double> t)
    {
        var p = Vector512.Create(coefficients[0]);
        for (int i = 1; i < coefficients.Length; i++)
        {
            p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(coefficients[i]));
        }
        return p;
    }

    /// <summary>The same in half as many lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Polynomial(ReadOnlySpan<double> coefficients, Vector256<double> t)
    {
        var p = Vector256.Create(coefficients[0]);
        for (int i = 1; i < coefficients.Length; i++)
        {
            p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(coefficients[i]));
        }
        return p;
    }

    /// <summary>ln(x) within 1e-15 + 1e-15 |ln x| for positive normal x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // As in float: x = 2^e * m with m in [sqrt(1/2), sqrt(2)), then ln m = 2 atanh((m - 1) / (m + 1)).
        var bits = x.AsInt64() - Vector512.Create(0x3fe6a09e667f3bcdL);
        var e = Vector512.ConvertToDouble(Vector512.ShiftRightArithmetic(bits, 52));
        var m = ((bits & Vector512.Create(0x000fffffffffffffL)) + Vector512.Create(0x3fe6a09e667f3bcdL)).AsDouble();
        var s = (m - Vector512<double>.One) / (m + Vector512<double>.One);
        var s2 = s * s;
        var p = Vector512.Create(2.0 / 21);
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 19));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 17));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 15));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 13));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 11));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 9));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 7));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 5));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(2.0 / 3));
        var logM = Vector512.FusedMultiplyAdd(p * s2, s, s + s);
        var low = Vector512.FusedMultiplyAdd(e, Vector512.Create(1.90821492927058770002e-10), logM);
        return Vector512.FusedMultiplyAdd(e, Vector512.Create(0.693147180369123816490), low);
    }

    /// <summary>ln of one number, the first lane of <see cref="Log(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Log(double x) => Log(Vector512.Create(x))[0];

    /// <summary>sin(x) within 1e-14 for |x| up to 1000.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Sin(Vector512<double> x)
    {
        // x = n pi + r; an odd n turns the sign.
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1 / Math.PI), Vector512.Create(RoundingShift));
        var n = shifted - Vector512.Create(RoundingShift);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Math.PI), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.2246467991473532e-16), r);
        var r2 = r * r;
        var p = Vector512.Create(-1.0 / 121_645_100_408_832_000);
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(1.0 / 355_687_428_096_000));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(-1.0 / 1_307_674_368_000));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(1.0 / 6_227_020_800));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(-1.0 / 39_916_800));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(1.0 / 362_880));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(-1.0 / 5040));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(1.0 / 120));
        p = Vector512.FusedMultiplyAdd(p, r2, Vector512.Create(-1.0 / 6));
        var sin = Vector512.FusedMultiplyAdd(p * r2, r, r);
        return (sin.AsInt64() ^ Vector512.ShiftLeft(shifted.AsInt64(), 63)).AsDouble();
    }

    /// <summary>Sum of the 8 lanes in a fixed order: halves, quarters, pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector512<double> x)
    {
        var half = x.GetLower() + x.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        return quarter[0] + quarter[1];
    }

    /// <summary>Largest of the 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(Vector512<double> x)
    {
        var half = Vector256.Max(x.GetLower(), x.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return Math.Max(quarter[0], quarter[1]);
    }
}
