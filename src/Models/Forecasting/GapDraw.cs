using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Draws a gap from mixture and tail, and tells its mean, with all components side by side in vectors. A view of the caller's
/// numbers.</summary>
internal readonly unsafe ref struct GapDraw
{
    private const int Lanes = 8;
    private const double OneOverRootTwoPi = 0.398942280401432678;

    private readonly int _components;
    private readonly double* _weight, _mean, _inverse;
    private readonly double _total, _scale, _logGapMean, _logGapDeviation;

    private GapDraw(int components, double* weight, double* mean, double* inverse, double total, double scale, ModelConfig config)
    {
        _weight = weight;
        _mean = mean;
        _inverse = inverse;
        (_components, _total, _scale) = (components, total, scale);
        (_logGapMean, _logGapDeviation) = (config.LogGapMean, config.LogGapDeviation);
    }

    /// <summary>Takes the mixture that the time head decodes.</summary>
    /// <param name="components">Components k, a multiple of 8.</param>
    /// <param name="logWeight">Log weights up to a common term; replaced by weights up to a factor. Shape [k].</param>
    /// <param name="mean">Means in standardised log time. Shape [k].</param>
    /// <param name="inverse">Inverse deviations. Shape [k].</param>
    /// <param name="config">Statistics of ln gap.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static GapDraw Of(int components, double* logWeight, double* mean, double* inverse, ModelConfig config)
    {
        Vector512<double> highest = Vector512.Create(double.MinValue), sum = Vector512<double>.Zero, location = sum;
        for (int i = 0; i < components; i += Lanes)
        {
            highest = Vector512.Max(highest, Vector512.Load(logWeight + i));
        }
        var max = Vector512.Create(VectorMath.Max(highest));
        for (int i = 0; i < components; i += Lanes)
        {
            var weight = VectorMath.Exp(Vector512.Load(logWeight + i) - max);
            weight.Store(logWeight + i);
            sum += weight;
            location = Vector512.FusedMultiplyAdd(weight, Vector512.Load(mean + i), location);
        }
        double total = VectorMath.Sum(sum);
        double scale = GapTail.Of(VectorMath.Sum(location) / total, config).Scale;
        return new GapDraw(components, logWeight, mean, inverse, total, scale, config);
    }

    /// <summary>A gap, time units.</summary>
    /// <param name="left">Uniform on (0, 1): chooses the component.</param>
    /// <param name="normal">Standard normal.</param>
    public double Next(double left, double normal)
    {
        if (left < GapTail.Share)
        {
            double p = left / GapTail.Share;
            return _scale * (p / (1 - p));
        }
        left = (left - GapTail.Share) / (1 - GapTail.Share) * _total;
        int k = 0;
        while (k < _components - 1 && (left -= _weight[k]) >= 0)
        {
            k++;
        }
        return Math.Min(Math.Exp(_logGapMean + _logGapDeviation * (_mean[k] + normal / _inverse[k])), double.MaxValue / 4);
    }

    /// <summary>Mean of min(gap, limit), time units.</summary>
    /// <remarks>
    /// With x the limit's deviations and s the deviation of ln gap, E[min] = limit (Q(x) + phi(x) R(s - x)) with Q the normal's
    /// upper tail and R Mills' ratio. Left of the middle, where R would overflow, exp(mu + s^2 / 2) less the part above.
    /// </remarks>
    /// <param name="limit">Above 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double RestrictedMean(double limit)
    {
        double logLimit = Math.Log(limit);
        Vector512<double> zero = Vector512<double>.Zero, sum = zero, z = Vector512.Create((logLimit - _logGapMean) / _logGapDeviation),
            unit = Vector512.Create(_logGapDeviation);
        for (int i = 0; i < _components; i += Lanes)
        {
            Vector512<double> inverse = Vector512.Load(_inverse + i), x = (z - Vector512.Load(_mean + i)) * inverse, s = unit / inverse;
            var density = VectorMath.Exp(-0.5 * x * x) * OneOverRootTwoPi;
            var tail = density * MillsRatio.Upper(Vector512.Abs(x));
            var above = Vector512.ConditionalSelect(Vector512.LessThan(x, zero), Vector512<double>.One - tail, tail);
            var over = s - x;
            var part = density * MillsRatio.Upper(Vector512.Abs(over));
            // ln of the whole mean by the limit; used only where it is below 0.
            var logMean = s * (0.5 * s - x);
            var below = Vector512.ConditionalSelect(Vector512.LessThan(over, zero),
                VectorMath.Exp(Vector512.Min(logMean, zero)) - part, part);
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(_weight + i), above + below, sum);
        }
        double share = Math.Clamp(VectorMath.Sum(sum) / _total, 0, 1);
        return (1 - GapTail.Share) * limit * share + GapTail.Share * _scale * RealMath.Log1p(limit / _scale);
    }
}
