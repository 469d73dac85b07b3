namespace Foretell.Models.Forecasting;

/// <summary>How many events come within a horizon: a distribution, from sampled paths.</summary>
public sealed class CountForecast
{
    /// <summary>No event within the horizon, for certain.</summary>
    internal static readonly CountForecast Zero = new(0, 0, [], 0);

    private readonly double[] _counts;
    private readonly double _any;

    /// <param name="mean">Mean.</param>
    /// <param name="standardError">Standard error of the mean.</param>
    /// <param name="counts">Counts of paths that have one event at least, in any order.</param>
    /// <param name="any">Probability of one event at least.</param>
    internal CountForecast(double mean, double standardError, double[] counts, double any)
    {
        (Mean, StandardError, _counts, _any) = (mean, standardError, counts, any);
        Array.Sort(_counts);
    }

    /// <summary>Expected number of events; never below the probability of one.</summary>
    public double Mean { get; }

    /// <summary>Standard error of <see cref="Mean"/> by the sampling: how far it may be from the model's own mean.</summary>
    public double StandardError { get; }

    /// <summary>The number that is not exceeded with probability <paramref name="p"/>; a whole number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        if (!(p > 0 && p < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, $"A probability for a quantile must lie between 0 and 1, got {p}.");
        }
        double none = 1 - _any;
        if (p <= none || _counts.Length == 0)
        {
            return 0;
        }
        double share = (p - none) / _any;
        return Math.Round(_counts[Math.Clamp((int)Math.Ceiling(share * _counts.Length) - 1, 0, _counts.Length - 1)]);
    }
}
