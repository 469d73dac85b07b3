using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>The tail of a forecast (<see cref="GapTail"/>), known to exceed a silence s: again a Lomax distribution, of scale c + s.</summary>
internal sealed class ConditionedTail(GapTail tail, double silence) : ConditionedComponent
{
    private readonly double _scale = tail.Scale + silence;

    /// <inheritdoc/>
    public override double LogSurvivalOfSilence => -RealMath.Log1p(silence / tail.Scale);

    /// <inheritdoc/>
    public override double LogSurvival(double time) => -RealMath.Log1p(time / _scale);

    /// <inheritdoc/>
    public override double LogHazard(double time) => -Math.Log(_scale + time);

    /// <inheritdoc/>
    public override (double Survival, double Cdf, double Slope) At(double time)
    {
        double survival = 1 / (1 + time / _scale);
        return (survival, time / (_scale + time), survival * ((silence + time) / (_scale + time)));
    }

    /// <inheritdoc/>
    public override double Quantile(double p) => _scale * (p / (1 - p));

    /// <inheritdoc/>
    public override double Mean() => double.PositiveInfinity;

    /// <inheritdoc/>
    public override double RestrictedMean(double limit) => _scale * RealMath.Log1p(limit / _scale);
}
