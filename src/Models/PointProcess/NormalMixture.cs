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
        // Newton's steps, and halving where one leaves the bracket or is no shorter than half of the last.
        double least = 1e-9 * (high - low), x = 0.5 * (low + high), step = high - low;
        while (high - low > least)
        {
            double miss = Cdf(x) - p;
            (low, high) = miss < 0 ? (x, high) : (low, x);
            double next = x - miss / Math.Exp(LogDensity(x));
            bool isNear = next > low && next < high && Math.Abs(next - x) < 0.5 * Math.Abs(step);
            next = isNear ? next : 0.5 * (low + high);
            step = next - x;
            x = next;
            if (Math.Abs(step) < least)
            {
                break;
            }
        }
        return x;
    }

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
