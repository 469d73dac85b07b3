using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>
/// What is left of an inter-event time tau once a silence s has passed without an event: the distribution of t = tau - s
/// given tau &gt; s, with tau a <see cref="LogNormalMixture"/>. A copy; immutable and safe to share between threads.
/// </summary>
/// <remarks>
/// Everything is computed from ratios of survivals in log space, so it holds where P(tau &gt; s) is 1e-300 or far less, and
/// from ln(1 + t / s), so it holds where t is far below s.
/// </remarks>
public sealed partial class ConditionedMixture
{
    private readonly ConditionedComponent[] _components;
    private readonly double[] _logWeight, _weight;

    /// <summary>Conditions <paramref name="mixture"/> on a silence in its time unit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">silence is negative or not finite.</exception>
    public ConditionedMixture(LogNormalMixture mixture, double silence) : this(mixture, silence, null)
    {
    }

    /// <summary>The same with a tail as its last component.</summary>
    internal ConditionedMixture(LogNormalMixture mixture, double silence, GapTail? tail)
    {
        if (!(silence >= 0) || double.IsInfinity(silence))
        {
            throw new ArgumentOutOfRangeException(nameof(silence), silence,
                $"A silence is a finite time of 0 or more, got {silence}.");
        }
        Silence = silence;
        _components = new ConditionedComponent[mixture.Components + (tail is null ? 0 : 1)];
        _logWeight = new double[_components.Length];

        double logSilence = Math.Log(silence);
        LogSum total = new();
        for (int k = 0; k < mixture.Components; k++)
        {
            _components[k] = new ConditionedLogNormal(mixture.Mu[k], mixture.Sigma[k], silence, logSilence);
            _logWeight[k] = mixture.LogWeight[k] + (tail is null ? 0 : GapTail.LogRest);
        }
        if (tail is { } lomax)
        {
            (_components[^1], _logWeight[^1]) = (new ConditionedTail(lomax, silence), GapTail.LogShare);
        }
        for (int k = 0; k < _components.Length; k++)
        {
            _logWeight[k] += _components[k].LogSurvivalOfSilence;
            total.Add(_logWeight[k]);
        }
        LogSurvivalOfSilence = Math.Min(0, total.Value);
        for (int k = 0; k < _logWeight.Length; k++)
        {
            _logWeight[k] -= total.Value;
        }
        _weight = Array.ConvertAll(_logWeight, Math.Exp);
    }

    /// <summary>ln P(tau &gt; s): how surprising the silence itself was.</summary>
    public double LogSurvivalOfSilence { get; }

    /// <summary>The silence s.</summary>
    public double Silence { get; }

    /// <summary>Log probability, given the silence, that each component made this gap. Shape [k].</summary>
    public ReadOnlySpan<double> LogWeight => _logWeight;

    /// <summary>P(t &gt; <paramref name="time"/>).</summary>
    public double Survival(double time) => Math.Exp(LogSurvival(time));

    /// <summary>ln P(t &gt; <paramref name="time"/>).</summary>
    public double LogSurvival(double time)
    {
        if (!(time > 0))
        {
            return 0;
        }
        LogSum sum = new();
        for (int k = 0; k < _components.Length; k++)
        {
            sum.Add(_logWeight[k] + _components[k].LogSurvival(time));
        }
        return Math.Min(0, sum.Value);
    }

    /// <summary>P(t &lt;= <paramref name="horizon"/>): the event comes within the horizon.</summary>
    public double ProbabilityWithin(double horizon) => horizon > 0 ? Math.Min(1, At(horizon).Cdf) : 0;

    /// <summary>ln of the density of t, per time unit.</summary>
    public double LogDensity(double time)
    {
        if (!(time > 0))
        {
            return double.NegativeInfinity;
        }
        LogSum sum = new();
        for (int k = 0; k < _components.Length; k++)
        {
            sum.Add(_logWeight[k] + _components[k].LogSurvival(time) + _components[k].LogHazard(time));
        }
        return sum.Value;
    }

    /// <summary>The t by which the event has come with probability <paramref name="p"/>; at most <see cref="double.MaxValue"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        if (!(p > 0 && p < 1))
        {
            throw Normal.OutsideUnit(p);
        }

        // The mixture's quantile lies between the least and the greatest of its components'.
        double low = double.MaxValue, high = double.Epsilon, guess = 0;
        for (int k = 0; k < _components.Length; k++)
        {
            if (_weight[k] == 0)
            {
                continue;
            }
            double component = Math.Clamp(_components[k].Quantile(p), double.Epsilon, double.MaxValue);
            low = Math.Min(low, component);
            high = Math.Max(high, component);
            guess += _weight[k] * Math.Log(component);
        }
        return low < high ? Math.Exp(Solve(p, Math.Log(low), Math.Log(high), guess)) : high;
    }

    /// <summary>Mean of t, at most <see cref="double.MaxValue"/>; see the warning at <see cref="LogNormalMixture.Mean"/>.</summary>
    public double Mean()
    {
        double mean = 0;
        for (int k = 0; k < _components.Length; k++)
        {
            if (_weight[k] > 0)
            {
                mean += _weight[k] * _components[k].Mean();
            }
        }
        return Math.Min(mean, double.MaxValue);
    }

    /// <summary>Mean of min(t, limit): the mean forecast when no wait is counted beyond a limit.</summary>
    /// <param name="limit">Above 0. A multiple of the longest gap in training keeps tails that no data saw from deciding the mean.</param>
    public double RestrictedMean(double limit)
    {
        double mean = 0;
        for (int k = 0; k < _components.Length; k++)
        {
            if (_weight[k] > 0)
            {
                mean += _weight[k] * _components[k].RestrictedMean(limit);
            }
        }
        return mean;
    }

    /// <summary>Draws a t.</summary>
    public double Sample(RandomStream random)
    {
        int k = Categorical.Draw(_logWeight, random);
        return Math.Min(_components[k].Quantile(random.NextDouble()), double.MaxValue);
    }

    /// <summary>Newton on the log of the smaller side, in ln t, kept inside a bracket that shrinks around the root.</summary>
    private double Solve(double p, double low, double high, double x)
    {
        x = Math.Clamp(x, low, high);
        for (int i = 0; i < 200; i++)
        {
            double time = Math.Exp(x);
            var (survival, cdf, slope) = At(time);
            double side = p > 0.5 ? survival : cdf;
            // Above 0 where x is too far left.
            double shortfall = p > 0.5 ? Math.Log(survival / (1 - p)) : Math.Log(p / cdf);
            if (shortfall > 0)
            {
                low = x;
            }
            else
            {
                high = x;
            }

            double next = x + shortfall * side / (slope * (time / (Silence + time)));
            // Between two components the curve is flat and Newton leaps; halving the bracket crosses the plain.
            bool leap = !(next >= low && next <= high);
            if (leap)
            {
                next = (low + high) / 2;
            }
            // Newton doubles the digits, so a step this small was the last one that mattered.
            if (Math.Abs(next - x) <= (leap ? 1e-15 * (1 + Math.Abs(x)) : 1e-10))
            {
                return next;
            }
            x = next;
        }
        return x;
    }

    private (double Survival, double Cdf, double Slope) At(double time)
    {
        double survival = 0, cdf = 0, slope = 0;
        for (int k = 0; k < _components.Length; k++)
        {
            if (_weight[k] == 0)
            {
                continue;
            }
            var component = _components[k].At(time);
            survival += _weight[k] * component.Survival;
            cdf += _weight[k] * component.Cdf;
            slope += _weight[k] * component.Slope;
        }
        return (survival, cdf, slope);
    }
}
