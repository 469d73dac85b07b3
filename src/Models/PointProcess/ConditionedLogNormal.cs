using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>One log-normal tau, known to exceed a silence s: the distribution of t = tau - s. A component of
/// <see cref="ConditionedMixture"/>.</summary>
internal sealed class ConditionedLogNormal : ConditionedComponent
{
    private readonly double _mu, _sigma, _silence, _logSilence;

    /// <summary>Deviations at which the silence lies, negative infinity without one.</summary>
    private readonly double _startZ;

    /// <summary>P(tau &gt; s) where the silence is left of the middle; its Mills ratio where it is right of it.</summary>
    private readonly double _start;

    public ConditionedLogNormal(double mu, double sigma, double silence, double logSilence)
    {
        (_mu, _sigma, _silence, _logSilence) = (mu, sigma, silence, logSilence);
        _startZ = (logSilence - mu) / sigma;
        _start = _startZ >= 0 ? MillsRatio.Upper(_startZ) : Normal.Survival(_startZ);
    }

    /// <inheritdoc/>
    public override double LogSurvivalOfSilence => _startZ >= 0 ? Normal.LogDensity(_startZ) + Math.Log(_start) : Math.Log(_start);

    /// <inheritdoc/>
    public override double LogSurvival(double time) => _silence > 0
        ? Normal.LogSurvivalRatio(_startZ, Growth(time))
        : Normal.LogSurvival((Math.Log(time) - _mu) / _sigma);

    /// <inheritdoc/>
    public override double LogHazard(double time)
    {
        double logTau = Math.Log(_silence + time);
        return -MillsRatio.Log((logTau - _mu) / _sigma) - Math.Log(_sigma) - logTau;
    }

    /// <inheritdoc/>
    public override (double Survival, double Cdf, double Slope) At(double time)
    {
        double growth = _silence > 0 ? Growth(time) : 0;
        double z = _silence > 0 ? _startZ + growth : (Math.Log(time) - _mu) / _sigma;
        double mills = MillsRatio.Upper(Math.Abs(z));
        if (_startZ >= 0)
        {
            // exp of the squares' difference, taken on paper, times the ratio of Mills ratios.
            double exponent = -growth * (_startZ + growth / 2), ratio = mills / _start, fall = Math.Exp(exponent);
            return (ratio * fall, 1 - ratio - ratio * RealMath.Expm1(exponent), fall / (_start * _sigma));
        }
        double density = Normal.Density(z), tail = density * mills;
        double slope = density / (_start * _sigma);
        // 1 - start is the probability left of the silence, here below one half.
        return z >= 0
            ? (tail / _start, 1 - tail / _start, slope)
            : ((1 - tail) / _start, Math.Max(0, tail - Normal.Cdf(_startZ)) / _start, slope);
    }

    /// <inheritdoc/>
    public override double Quantile(double p) => _silence > 0
        ? _silence * RealMath.Expm1(_sigma * Normal.Excess(_startZ, RealMath.Log1p(-p)))
        : Math.Exp(_mu + _sigma * Normal.Quantile(p));

    /// <inheritdoc/>
    public override double Mean()
    {
        // Right of the middle the closed form collapses to a ratio of Mills ratios, E[tau | tau > s] = s R(z - sigma) / R(z),
        // and stays exact where what is left is a millionth of the silence.
        double tilted = _startZ - _sigma;
        if (tilted > 1e5)
        {
            return _silence * (_sigma / tilted);
        }
        if (tilted >= 0)
        {
            return _silence * ((MillsRatio.Upper(tilted) - _start) / _start);
        }
        if (_startZ >= 0)
        {
            return _silence * RealMath.Expm1(MillsRatio.Log(tilted) - Math.Log(_start));
        }
        return Math.Exp(_mu + _sigma * _sigma / 2 + Normal.LogSurvival(tilted)) / _start - _silence;
    }

    /// <inheritdoc/>
    public override double RestrictedMean(double limit)
    {
        double logSurvival = LogSurvival(limit), survival = Math.Exp(logSurvival), whole = Mean(), mean;
        if (whole <= 1e6 * limit)
        {
            double reached = _silence + limit;
            mean = survival == 0 ? whole
                : whole - survival * new ConditionedLogNormal(_mu, _sigma, reached, Math.Log(reached)).Mean();
        }
        else
        {
            // The whole mean is all tail here; the part below the limit is an interval of the tilted normal.
            double end = (Math.Log(_silence + limit) - _mu) / _sigma;
            double part = NormalInterval.Between(_startZ - _sigma, end - _sigma).LogProbability;
            part += _mu + _sigma * _sigma / 2 - LogSurvivalOfSilence;
            mean = Math.Exp(part) + _silence * RealMath.Expm1(logSurvival) + limit * survival;
        }
        return Math.Clamp(mean, limit * survival, limit);
    }

    /// <summary>How many deviations a time after the silence adds: ln(1 + t / s) / sigma.</summary>
    private double Growth(double time)
    {
        double share = time / _silence;
        return (double.IsInfinity(share) ? Math.Log(time) - _logSilence : RealMath.Log1p(share)) / _sigma;
    }
}
