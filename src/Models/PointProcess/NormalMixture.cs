using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>A mixture of normals, components sorted by mean. Over ln tau it is a <see cref="LogNormalMixture"/>.</summary>
/// <param name="LogWeight">Log weights; they log-sum to 0. Shape [k].</param>
/// <param name="Mean">Means, ascending. Shape [k].</param>
/// <param name="Deviation">Standard deviations, above 0. Shape [k].</param>
public sealed record NormalMixture(double[] LogWeight, double[] Mean, double[] Deviation)
{
    /// <summary>The mixture of offset + scale * x, x distributed by this one: turns a fit of z into one of ln tau.</summary>
    /// <param name="offset">Mean of ln tau where x is z.</param>
    /// <param name="scale">Standard deviation of ln tau where x is z; above 0.</param>
    public NormalMixture Rescale(double offset, double scale) => new(
        [.. LogWeight],
        Array.ConvertAll(Mean, mean => offset + scale * mean),
        Array.ConvertAll(Deviation, deviation => scale * deviation));

    /// <summary>This mixture of ln tau as a distribution of tau. A view.</summary>
    public LogNormalMixture AsLogNormal() => new(LogWeight, Mean, Deviation);

    /// <summary>P(X &lt;= x).</summary>
    public double Cdf(double x)
    {
        double sum = 0;
        for (int k = 0; k < Mean.Length; k++)
        {
            sum += Math.Exp(LogWeight[k]) * Normal.Cdf((x - Mean[k]) / Deviation[k]);
        }
        return sum;
    }

    /// <summary>The x with P(X &lt;= x) = <paramref name="p"/>, within 1e-9 of the mixture's width.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        // The mixture's quantile lies between the least and the greatest of its components'.
        double at = Normal.Quantile(p), low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int k = 0; k < Mean.Length; k++)
        {
            low = Math.Min(low, Mean[k] + Deviation[k] * at);
            high = Math.Max(high, Mean[k] + Deviation[k] * at);
        }
        double[] weights = Array.ConvertAll(LogWeight, Math.Exp);
        double least = 1e-9 * (high - low), x = 0.5 * (low + high), last = double.PositiveInfinity;
        while (high - low > least)
        {
            double below = 0, density = 0;
            for (int k = 0; k < Mean.Length; k++)
            {
                double z = (x - Mean[k]) / Deviation[k];
                below += weights[k] * Normal.Cdf(z);
                density += weights[k] * Normal.Density(z) / Deviation[k];
            }
            (low, high) = below < p ? (x, high) : (low, x);
            // Newton's step, where it stays inside and is at most half of the one before; else the middle.
            double step = (p - below) / density, next = x + step;
            bool isClose = Math.Abs(step) <= 0.5 * last && next > low && next < high;
            last = isClose ? Math.Abs(step) : 0.5 * (high - low);
            x = isClose ? next : 0.5 * (low + high);
            if (isClose && last < 0.1 * least)
            {
                return x;
            }
        }
        return x;
    }

    /// <summary>Mean of X, where what lies outside of <paramref name="low"/> and <paramref name="high"/> counts as lying at them.</summary>
    internal double ClampedMean(double low, double high)
    {
        double sum = 0;
        for (int k = 0; k < Mean.Length; k++)
        {
            double from = (low - Mean[k]) / Deviation[k], to = (high - Mean[k]) / Deviation[k];
            sum += Math.Exp(LogWeight[k]) * (low * Normal.Cdf(from) + high * Normal.Survival(to)
                + Mean[k] * Between(from, to) + Deviation[k] * (Normal.Density(from) - Normal.Density(to)));
        }
        return sum;
    }

    /// <summary>ln of the mean of exp(X), likewise; the mean itself may be too large for a double.</summary>
    internal double LogClampedMeanExp(double low, double high)
    {
        double sum = 0, least = Math.Exp(low - high);
        for (int k = 0; k < Mean.Length; k++)
        {
            double s = Deviation[k], from = (low - Mean[k]) / s, to = (high - Mean[k]) / s, inside = Math.Max(0, Between(from, to));
            double mean = from > s ? Math.Exp(Mean[k] + 0.5 * s * s - high) * Between(from - s, to - s)
                : Below(to, s, Mean[k] - high, 0) - Below(from, s, Mean[k] - high, low - high);
            // Rounded or not, what is inside is between the edges.
            sum += Math.Exp(LogWeight[k]) * (least * Normal.Cdf(from) + Normal.Survival(to) + Math.Clamp(mean, least * inside, inside));
        }
        return high + Math.Log(sum);
    }

    /// <summary>Integral of exp(x) over a normal up to where it is <paramref name="z"/> deviations from its mean.</summary>
    /// <param name="z">Deviations.</param>
    /// <param name="s">Its deviation.</param>
    /// <param name="mean">Its mean.</param>
    /// <param name="edge">x there.</param>
    private static double Below(double z, double s, double mean, double edge) =>
        // By Mills' ratio where exp and tail by themselves would leave the range of a double.
        z < s ? Math.Exp(edge) * Normal.Density(z) / Normal.Hazard(s - z) : Math.Exp(mean + 0.5 * s * s) * Normal.Cdf(z - s);

    /// <summary>Probability of a standard normal between two numbers, by the tail that it lies in.</summary>
    private static double Between(double from, double to) =>
        from > 0 ? Normal.Survival(from) - Normal.Survival(to) : Normal.Cdf(to) - Normal.Cdf(from);

    /// <summary>Continuous ranked probability score of an observed x: E|X - x| - E|X - X'| / 2, in closed form.</summary>
    /// <remarks>Source: Grimit, Gneiting, Berrocal, Johnson, QJRMS 132, 2006, equation 5.</remarks>
    public double Crps(double x)
    {
        double score = 0;
        for (int i = 0; i < Mean.Length; i++)
        {
            double weight = Math.Exp(LogWeight[i]);
            score += weight * MeanDistance(x - Mean[i], Deviation[i]);
            for (int j = 0; j < Mean.Length; j++)
            {
                double both = Math.Sqrt(Deviation[i] * Deviation[i] + Deviation[j] * Deviation[j]);
                score -= 0.5 * weight * Math.Exp(LogWeight[j]) * MeanDistance(Mean[i] - Mean[j], both);
            }
        }
        return score;

        static double MeanDistance(double mean, double deviation)
        {
            double at = mean / deviation;
            return 2 * deviation * Normal.Density(at) + mean * (2 * Normal.Cdf(at) - 1);
        }
    }

    /// <summary>ln of the density at x.</summary>
    public double LogDensity(double x)
    {
        LogSum sum = new();
        for (int k = 0; k < Mean.Length; k++)
        {
            sum.Add(LogWeight[k] + Normal.LogDensity((x - Mean[k]) / Deviation[k]), 1 / Deviation[k]);
        }
        return sum.Value;
    }
}
