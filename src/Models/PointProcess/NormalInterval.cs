using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>ln of the standard normal's probability of an interval [a, b], with its derivatives.</summary>
/// <param name="LogProbability">ln(Phi(b) - Phi(a)).</param>
/// <param name="DLower">Derivative by a: -phi(a) / P.</param>
/// <param name="DUpper">Derivative by b: phi(b) / P.</param>
/// <param name="DShift">Derivative when both ends move together, DLower + DUpper without their cancellation.</param>
/// <param name="DScale">Derivative by the logarithm of a common factor of both ends, a DLower + b DUpper.</param>
/// <remarks>
/// Shift and scale are what a location-scale family needs: with a = (x - mu) / sigma, the derivative by mu is
/// -DShift / sigma and by ln sigma it is -DScale. In a narrow interval they tend to -m and 1 - m^2, m its centre.
/// </remarks>
public readonly record struct NormalInterval(double LogProbability, double DLower, double DUpper, double DShift, double DScale)
{
    /// <summary>The interval between two numbers, either of which may be infinite.</summary>
    /// <param name="lower">a, below b.</param>
    /// <param name="upper">b.</param>
    public static NormalInterval Between(double lower, double upper) =>
        Of(lower, upper, (lower + upper) / 2, (upper - lower) / 2);

    /// <summary>The interval around <paramref name="center"/>. Keeps full precision where the ends differ in their last digits
    /// only.</summary>
    public static NormalInterval Around(double center, double halfWidth) =>
        Of(center - halfWidth, center + halfWidth, center, halfWidth);

    /// <summary>All four numbers, for callers who know each exactly: a wide interval is computed from its ends, a narrow one from
    /// centre and width.</summary>
    internal static NormalInterval Of(double lower, double upper, double center, double halfWidth)
    {
        if (halfWidth <= 1 && Math.Abs(halfWidth * center) <= 2)
        {
            return Narrow(center, halfWidth);
        }
        if (-lower <= upper)
        {
            return Wide(lower, upper, 2 * halfWidth * center);
        }
        NormalInterval mirrored = Wide(-upper, -lower, -2 * halfWidth * center);
        return new(mirrored.LogProbability, -mirrored.DUpper, -mirrored.DLower, -mirrored.DShift, mirrored.DScale);
    }

    /// <summary>
    /// Taylor series about the centre m: P = 2 h phi(m) S with S the sum of h^(2j) He_2j(m) / (2j + 1)!, He the Hermite
    /// polynomials, since every derivative of phi is phi times one of them.
    /// </summary>
    private static NormalInterval Narrow(double m, double h)
    {
        double u = h * m, q = h * h, sum = 1;
        // even = h^2j He_2j(m), odd = h^(2j+1) He_(2j+1)(m), both divided by (2j + 1)!.
        double even = 1, odd = u;
        for (int n = 1; n < 40; n += 2)
        {
            double scale = 1.0 / ((n + 1) * (n + 2));
            even = (u * odd - q * n * even) * scale;
            odd = u * even - q * (n + 1) * odd * scale;
            sum += even;
            // Two terms together: one alone may vanish at a root of its polynomial.
            if (Math.Abs(even) + Math.Abs(odd * u) < 1e-18)
            {
                break;
            }
        }

        double logProbability = Normal.LogDensity(m) + Math.Log(2 * h * sum);
        double shrink = Math.Exp(-q / 2) / sum, rise = Math.Exp(u), fall = 1 / rise;
        double shift = -m * shrink * SinhOverArgument(u, rise, fall);
        double perWidth = shrink * (rise + fall) / 2;
        return new(logProbability, -shrink * rise / (2 * h), shrink * fall / (2 * h), shift, m * shift + perWidth);
    }

    /// <summary>An interval wide enough that its ends' tails differ clearly, with its centre at 0 or above.</summary>
    /// <param name="a">Lower end.</param>
    /// <param name="b">Upper end.</param>
    /// <param name="drop">(b^2 - a^2) / 2, which the ends alone would know less well.</param>
    private static NormalInterval Wide(double a, double b, double drop)
    {
        double logProbability, dLower, dUpper;
        if (a >= 0)
        {
            double fall = double.IsInfinity(b) ? 0 : Math.Exp(-drop);
            double tail = MillsRatio.Upper(a) - (fall == 0 ? 0 : MillsRatio.Upper(b) * fall);
            logProbability = Normal.LogDensity(a) + Math.Log(tail);
            dLower = -1 / tail;
            dUpper = fall / tail;
        }
        else
        {
            double outside = Normal.Survival(b) + Normal.Cdf(a);
            logProbability = RealMath.Log1p(-outside);
            dLower = -Normal.Density(a) / (1 - outside);
            dUpper = Normal.Density(b) / (1 - outside);
        }
        double scale = (dLower == 0 ? 0 : a * dLower) + (dUpper == 0 ? 0 : b * dUpper);
        return new(logProbability, dLower, dUpper, dLower + dUpper, scale);
    }

    /// <summary>sinh(u) / u.</summary>
    private static double SinhOverArgument(double u, double rise, double fall)
    {
        if (Math.Abs(u) > 0.5)
        {
            return (rise - fall) / (2 * u);
        }
        double s = u * u;
        return 1 + s / 6 * (1 + s / 20 * (1 + s / 42 * (1 + s / 72 * (1 + s / 110 * (1 + s / 156)))));
    }
}
