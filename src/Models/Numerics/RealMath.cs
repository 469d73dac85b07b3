namespace Foretell.Models.Numerics;

/// <summary>Elementary functions that keep their relative precision near zero and in log space.</summary>
/// <remarks>The framework's own LogP1 and ExpM1 add or subtract the one naively.
/// Source of the corrections: Kahan's quotient, after Higham, Accuracy and Stability of Numerical Algorithms, 1.14.</remarks>
internal static class RealMath
{
    /// <summary>ln(1 + x).</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        // What the rounding of u took from x, the quotient gives back.
        return u == 1 || double.IsInfinity(u) ? x : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1.</summary>
    public static double Expm1(double x)
    {
        if (Math.Abs(x) > 1)
        {
            return Math.Exp(x) - 1;
        }
        double u = Math.Exp(x);
        return u == 1 ? x : (u - 1) * (x / Math.Log(u));
    }

    /// <summary>ln(1 - exp(x)) for x at most 0: the log of the other side's probability.</summary>
    public static double Log1mExp(double x) =>
        x > -Math.Log(2) ? Math.Log(-Expm1(x)) : Log1p(-Math.Exp(x));
}

/// <summary>Running ln(sum of exp): one exponential a term, no buffer, no overflow.</summary>
internal struct LogSum()
{
    private double _max = double.NegativeInfinity;
    private double _sum;

    /// <summary>ln of the sum so far; negative infinity before the first term.</summary>
    public readonly double Value => _sum > 0 ? _max + Math.Log(_sum) : double.NegativeInfinity;

    /// <summary>Adds <paramref name="factor"/> x exp(<paramref name="x"/>).</summary>
    public void Add(double x, double factor = 1)
    {
        if (x > _max)
        {
            _sum = _sum * Math.Exp(_max - x) + factor;
            _max = x;
        }
        else if (!double.IsNegativeInfinity(x))
        {
            _sum += factor * Math.Exp(x - _max);
        }
    }
}
