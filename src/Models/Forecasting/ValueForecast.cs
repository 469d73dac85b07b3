using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>What one value of the next event is, given that an event comes: whether it is there, and where it is how large.</summary>
public sealed class ValueForecast
{
    /// <summary>Share on each side whose values count as its edge in the mean.</summary>
    private const double Edge = 1.0 / 128;

    /// <summary>Stretches over which the mean is taken.</summary>
    private const int Stretches = 128;

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
            double low = _z.Quantile(Edge), step = (_z.Quantile(1 - Edge) - low) / Stretches, before = Edge;
            double sum = Edge * (_scale.Value(low) + _scale.Value(low + Stretches * step));
            for (int i = 1; i <= Stretches; i++)
            {
                double below = i == Stretches ? 1 - Edge : _z.Cdf(low + i * step);
                sum += (below - before) * _scale.Value(low + (i - 0.5) * step);
                before = below;
            }
            return sum;
        }
    }
}
