using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>What one value of the next event is, given that an event comes: whether it is there, and where it is how large.</summary>
public sealed class ValueForecast
{
    /// <summary>Share on each side whose values count as its edge in the mean.</summary>
    private const double Edge = 1.0 / 128;

    private readonly ValueScale _scale;
    private readonly NormalMixture _z;

    internal ValueForecast(ValueScale scale, double probability, NormalMixture z) =>
        (_scale, Probability, _z) = (scale, Math.Clamp(probability, 0, 1), z);

    /// <summary>Name of the value.</summary>
    public string Name => _scale.Name;

    /// <summary>Probability that the event has it.</summary>
    public double Probability { get; }

    /// <summary>The value that is not exceeded with probability <paramref name="p"/>, given that it is there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p) => _scale.Value(_z.Quantile(p));

    /// <summary>Mean, given that it is there. What lies beyond the outer 1/128 on either side counts as lying at its edge: the far tails,
    /// which nothing in training tells of, would rule the mean of a value whose logarithm is read.</summary>
    public double Mean
    {
        get
        {
            NormalMixture x = _z.Rescale(_scale.Mean, _scale.Deviation);
            double low = x.Quantile(Edge), high = x.Quantile(1 - Edge);
            return _scale.Floor > 0 ? Math.Min(Math.Exp(x.LogClampedMeanExp(low, high)), double.MaxValue) : x.ClampedMean(low, high);
        }
    }
}
