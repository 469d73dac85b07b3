namespace Foretell.Ingest;

/// <summary>
/// exp, log and circle functions from additions and multiplications alone, so that the same seed gives the same
/// events on every machine: the C libraries behind <see cref="Math"/> differ in their last bit.
/// </summary>
/// <remarks>Within 4e-16 relative of the true value (log: of max(|log x|, 1)), PortableMathTests.</remarks>
internal static class PortableMath
{
    // ln 2 in two parts: k times the upper one is exact for every k that a double's exponent can take.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

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
        // Taylor series: |r| is at most 0.347, so the 14th term is below 1e-17.
        double sum = 1;
        for (int n = 13; n >= 1; n--)
        {
            sum = 1 + sum * r / n;
        }
        return Math.ScaleB(sum, (int)k);
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
        // log m = 2 atanh(s); |s| is at most 0.172, so the 11th term is below 1e-17.
        double s = (m - 1) / (m + 1);
        double square = s * s;
        double sum = 0;
        for (int n = 21; n >= 3; n -= 2)
        {
            sum = (sum + 1.0 / n) * square;
        }
        return k * Ln2High + (k * Ln2Low + 2 * s * sum + 2 * s);
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
        double square = x * x;
        double sum = 1;
        for (int n = 23; n >= 3; n -= 2)
        {
            sum = 1 - sum * square / (n * (n - 1));
        }
        return x * sum;
    }
}
