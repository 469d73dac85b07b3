using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>What one value of the next event is, given that an event comes: whether it is there, and where it is how large.</summary>
public sealed class ValueForecast
{
    /// <summary>Quantiles by which the mean is taken: that of a logarithm's mixture has no other that a far tail does not rule.</summary>
    private const int MeanNodes = 64;

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

    /// <summary>Mean, given that it is there: over the middles of 64 shares of equal probability, so that the far tails, which nothing
    /// in training tells of, do not rule it.</summary>
    public double Mean => Enumerable.Range(0, MeanNodes).Average(i => Quantile((i + 0.5) / MeanNodes));
}
