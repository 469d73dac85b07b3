namespace Foretell.Ingest.Simulation;

/// <summary>
/// exp, log and circle functions from additions and multiplications alone, so that the same seed gives the same
/// events on every machine: the C libraries behind <see cref="Math"/> differ in their last bit.
/// </summary>
/// <remarks>Within 1e-15 of the true value, relative to it (log: to max(|log x|, 1); circle functions: 1e-14 absolute),
/// PortableMathTests.</remarks>
internal static class PortableMath
{
    // ln 2 in two parts: k times the upper one is exact for every k that a double's exponent can take.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    // Taylor series, from the constant term up. Whole-number quotients of constants are rounded once, by the compiler.
    private static ReadOnlySpan<double> ExpSeries =>
    [
        1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800,
        1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800,
    ];

    // atanh(s) / s - 1, in powers of s squared, over s squared.
    private static ReadOnlySpan<double> AtanhSeries =>
    [
        1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
    ];

    // sin(x) / x, in powers of x squared.
    private static ReadOnlySpan<double> SinSeries =>
    [
        1, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000,
        1.0 / 355687428096000, -1.0 / 121645100408832000,
    ];

    /// <summary>e to the power <paramref name="x"/>; 0 below -700 and infinity above 700, which no caller needs.</summary>
    public static double Exp(double x)
    {
        if (!(x > -700))
        {
            return double.IsNaN(x) ? x : 0;
        }
        if (x > 700)
        {
            return double.PositiveInfinity;
        }
        double k = Math.Round(x * 1.4426950408889634);
        double r = x - k * Ln2High - k * Ln2Low;
        // |r| is at most 0.347, so the term after the last one is below 1e-17.
        return Math.ScaleB(Polynomial(ExpSeries, r), (int)k);
    }

    /// <summary>Natural logarithm of a normal number above 0.</summary>
    public static double Log(double x)
    {
        int k = Math.ILogB(x);
        double m = Math.ScaleB(x, -k);
        if (m > 1.4142135623730951)
        {
            m /= 2;
            k++;
        }
        // log m = 2 atanh(s); |s| is at most 0.172, so the term after the last one is below 1e-17.
        double s = (m - 1) / (m + 1);
        double square = s * s;
        return k * Ln2High + (k * Ln2Low + 2 * s * (square * Polynomial(AtanhSeries, square)) + 2 * s);
    }

    /// <summary>Cosine of an angle in turns (1 is the full circle).</summary>
    public static double CosTurns(double turns) => SinTurns(turns + 0.25);

    /// <summary>Sine of an angle in turns (1 is the full circle).</summary>
    public static double SinTurns(double turns)
    {
        // Fold into a quarter turn around 0, where the series is short.
        double t = turns - Math.Round(turns);
        t = t > 0.25 ? 0.5 - t : t < -0.25 ? -0.5 - t : t;
        double x = t * (2 * Math.PI);
        return x * Polynomial(SinSeries, x * x);
    }

    private static double Polynomial(ReadOnlySpan<double> coefficients, double x)
    {
        double sum = 0;
        for (int n = coefficients.Length - 1; n >= 0; n--)
        {
            sum = coefficients[n] + sum * x;
        }
        return sum;
    }
}
