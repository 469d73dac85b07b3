using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>The standard normal distribution, exact in both tails: nothing underflows at 10, 40 or 1e8 deviations.</summary>
/// <remarks>Log probabilities are within 1e-14 of their value, relative (NormalTests), and reach negative infinity only
/// where x^2 overflows, beyond 1.3e154.</remarks>
public static class Normal
{
    private const double RootTwoPi = 2.50662827463100050242;

    /// <summary>ln phi(x).</summary>
    public static double LogDensity(double x) => -0.5 * x * x - MillsRatio.LogRootTwoPi;

    /// <summary>phi(x).</summary>
    public static double Density(double x) => ExpMinusHalfSquare(x) / RootTwoPi;

    /// <summary>P(X &lt;= x).</summary>
    public static double Cdf(double x) => Survival(-x);

    /// <summary>P(X &gt; x).</summary>
    public static double Survival(double x) =>
        x >= 0 ? Density(x) * MillsRatio.Upper(x) : 1 - Density(x) * MillsRatio.Upper(-x);

    /// <summary>ln P(X &lt;= x).</summary>
    public static double LogCdf(double x) => LogSurvival(-x);

    /// <summary>ln P(X &gt; x).</summary>
    public static double LogSurvival(double x) =>
        x >= 0 ? LogDensity(x) + Math.Log(MillsRatio.Upper(x)) : RealMath.Log1p(-Survival(-x));

    /// <summary>phi(x) / P(X &gt; x): minus the derivative of <see cref="LogSurvival"/>.</summary>
    public static double Hazard(double x) => x >= 0 ? 1 / MillsRatio.Upper(x) : Density(x) / Survival(x);

    /// <summary>ln of P(X &gt; x + delta) / P(X &gt; x), exact where both are far below the smallest double and delta is tiny.</summary>
    /// <param name="x">Any number of deviations.</param>
    /// <param name="delta">0 or more.</param>
    public static double LogSurvivalRatio(double x, double delta) =>
        // The squares are subtracted on paper: at x = 1e8 their rounding alone is half a nat.
        x >= 0
            ? -delta * (x + delta / 2) + Math.Log(MillsRatio.Upper(x + delta) / MillsRatio.Upper(x))
            : LogSurvival(x + delta) - LogSurvival(x);

    /// <summary>The x with P(X &lt;= x) = <paramref name="p"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public static double Quantile(double p)
    {
        if (!(p > 0 && p < 1))
        {
            throw OutsideUnit(p);
        }
        return p < 0.5 ? -UpperQuantile(Math.Log(p)) : UpperQuantile(Math.Log(1 - p));
    }

    /// <summary>The x with ln P(X &gt; x) = <paramref name="logSurvival"/>; works from -1e-300 to -1e300.</summary>
    /// <exception cref="ArgumentOutOfRangeException">logSurvival is above 0 or not a number.</exception>
    public static double QuantileOfLogSurvival(double logSurvival)
    {
        if (!(logSurvival <= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(logSurvival), logSurvival,
                $"A log probability is at most 0, got {logSurvival}.");
        }
        return logSurvival <= -Math.Log(2)
            ? UpperQuantile(logSurvival)
            : -UpperQuantile(RealMath.Log1mExp(logSurvival));
    }

    /// <summary>The delta with <see cref="LogSurvivalRatio"/>(x, delta) = <paramref name="logRatio"/>: how much further a
    /// normal variable that is known to exceed x goes.</summary>
    /// <param name="x">Any number of deviations.</param>
    /// <param name="logRatio">At most 0.</param>
    public static double Excess(double x, double logRatio) => x >= 0
        ? UpperExcess(x, logRatio)
        : Math.Max(0, QuantileOfLogSurvival(LogSurvival(x) + logRatio) - x);

    /// <summary>For probabilities of at most one half, so x of 0 or more.</summary>
    private static double UpperQuantile(double logSurvival) => UpperExcess(0, logSurvival + Math.Log(2));

    /// <summary>Halley's method from the root of the log survival's parabola at x.</summary>
    private static double UpperExcess(double x, double logRatio)
    {
        if (double.IsNegativeInfinity(logRatio))
        {
            return double.PositiveInfinity;
        }
        double mills = MillsRatio.Upper(x), hazard = 1 / mills, curvature = Math.Clamp(hazard * (hazard - x), 0, 1);
        double delta = -2 * logRatio / (hazard + Math.Sqrt(hazard * hazard - 2 * curvature * logRatio));
        for (int i = 0; i < 12; i++)
        {
            double z = x + delta, here = MillsRatio.Upper(z);
            double newton = (Math.Log(here / mills) - delta * (x + delta / 2) - logRatio) * here;
            // The hazard exceeds z by at most 1 / z; far out the difference has no digits of its own.
            double excess = Math.Clamp(1 / here - z, 0, 1 / Math.Max(1, z));
            double step = newton / Math.Max(0.25, 1 + newton * excess / 2);
            delta = Math.Max(delta + step, delta / 4);
            // The method trebles the digits, so a step this small was the last one that mattered.
            if (Math.Abs(step) <= 1e-6 * delta)
            {
                break;
            }
        }
        return delta;
    }

    /// <summary>exp(-x^2 / 2) without the loss from rounding the square.</summary>
    private static double ExpMinusHalfSquare(double x)
    {
        double square = x * x;
        if (square > 1500)
        {
            return 0;
        }
        double lost = Math.FusedMultiplyAdd(x, x, -square);
        return Math.Exp(-0.5 * square) * (1 - 0.5 * lost);
    }

    internal static ArgumentOutOfRangeException OutsideUnit(double p) =>
        new(nameof(p), p, $"A probability for a quantile must lie between 0 and 1, both excluded; got {p}.");
}
