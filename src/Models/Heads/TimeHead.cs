using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>From a hidden vector's linear outputs to a mixture of log-normals, anchored at the history-free mixture.</summary>
/// <remarks>
/// The mixture (<see cref="AnchoredMixture"/>) is in standardised log time. A small share of every forecast is its tail
/// (<see cref="GapTail"/>).
/// Source: Shchur, Bilos, Guennemann, ICLR 2020, for the mixture; the anchoring is ours (docs/models.md).
/// </remarks>
internal sealed class TimeHead : AnchoredMixture
{
    private const double LogSqrtTwoPi = 0.918938533204672742;
    private readonly double _logGapMean, _logGapDeviation;
    private readonly int _tieOutput;

    /// <param name="config">Gives the mean and the deviation of ln gap.</param>
    /// <param name="logWeight">Anchor log weights. Shape [k].</param>
    /// <param name="mean">Anchor means in standardised log time. Shape [k].</param>
    /// <param name="deviation">Anchor deviations, likewise. Shape [k].</param>
    public TimeHead(ModelConfig config, ReadOnlySpan<double> logWeight, ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation)
        : base(logWeight, mean, deviation) =>
        (_logGapMean, _logGapDeviation, _tieOutput) = (config.LogGapMean, config.LogGapDeviation, config.TieOutput);

    /// <summary>Log density of an observed gap, nats per time unit, and its gradient; of a tie and of a silence the log
    /// probability.</summary>
    /// <param name="outputs">Shape [3k or more].</param>
    /// <param name="gap">The gap, or all gaps longer than a silence.</param>
    /// <param name="gradient">Output, added to: gradientScale x d(log density)/d(outputs). Shape as of outputs, or empty.</param>
    public double LogDensity(ReadOnlySpan<float> outputs, in GapInterval gap, double gradientScale, Span<float> gradient)
    {
        double logTie = _tieOutput < 0 ? 0 : TieHead.Log(outputs, _tieOutput, gap.IsTie, gradientScale, gradient);
        return gap.IsTie ? logTie : logTie + LogPositive(outputs, gap, gradientScale, gradient);
    }

    /// <summary>The same of a gap that is no tie, given that there is none: mixture and tail.</summary>
    private double LogPositive(ReadOnlySpan<float> outputs, in GapInterval gap, double gradientScale, Span<float> gradient)
    {
        int k = Components;
        Span<double> logWeight = stackalloc double[k], joint = stackalloc double[k];
        Span<double> byMean = stackalloc double[k], byLogDeviation = stackalloc double[k], means = stackalloc double[k];
        double maxWeight = double.NegativeInfinity, maxJoint = double.NegativeInfinity;
        for (int i = 0; i < k; i++)
        {
            logWeight[i] = AnchorLogWeight[i] + outputs[i];
            double mean = means[i] = AnchorMean[i] + AnchorDeviation[i] * outputs[k + i];
            double logDeviation = AnchorLogDeviation[i] + outputs[2 * k + i];
            double clamped = Math.Clamp(logDeviation, MinLogDeviation, MaxLogDeviation);
            joint[i] = logWeight[i] + Component(gap, mean, clamped, out byMean[i], out byLogDeviation[i]);
            if (clamped != logDeviation)
            {
                byLogDeviation[i] = 0;
            }
            maxWeight = Math.Max(maxWeight, logWeight[i]);
            maxJoint = Math.Max(maxJoint, joint[i]);
        }
        double weightSum = 0, jointSum = 0, location = 0;
        for (int i = 0; i < k; i++)
        {
            logWeight[i] = Math.Exp(logWeight[i] - maxWeight);
            joint[i] = Math.Exp(joint[i] - maxJoint);
            weightSum += logWeight[i];
            jointSum += joint[i];
            location += logWeight[i] * means[i];
        }
        location /= weightSum;
        var tail = GapTail.Of(_logGapMean + _logGapDeviation * location);
        double logMixture = maxJoint + Math.Log(jointSum) - maxWeight - Math.Log(weightSum) + gap.LogUnit + GapTail.LogRest;
        double logTail = GapTail.LogShare
            + Math.Log(double.IsPositiveInfinity(gap.To) ? tail.Survival(gap.From) : tail.Density(gap.From, gap.To));
        LogSum both = new();
        both.Add(logMixture);
        both.Add(logTail);
        if (!gradient.IsEmpty)
        {
            double byMixture = Math.Exp(logMixture - both.Value);
            // The tail depends on the outputs by its scale alone, whose logarithm is the mixture's mean of ln gap.
            double byLocation = Math.Exp(logTail - both.Value) * _logGapDeviation * (1 - tail.Survival(gap.From) - tail.Survival(gap.To));
            for (int i = 0; i < k; i++)
            {
                double responsibility = byMixture * joint[i] / jointSum, weight = logWeight[i] / weightSum;
                gradient[i] += (float)(gradientScale * (responsibility - byMixture * weight + byLocation * weight * (means[i] - location)));
                gradient[k + i] += (float)(gradientScale * AnchorDeviation[i] * (responsibility * byMean[i] + byLocation * weight));
                gradient[2 * k + i] += (float)(gradientScale * responsibility * byLogDeviation[i]);
            }
        }
        return both.Value;
    }

    /// <summary>Log density at a point, or log probability of an interval, of one normal; with derivatives.</summary>
    private static double Component(in GapInterval gap, double mean, double logDeviation, out double byMean, out double byLogDeviation)
    {
        double inverse = Math.Exp(-logDeviation);
        double b = (gap.Low - mean) * inverse;
        if (!gap.IsInterval)
        {
            byMean = b * inverse;
            byLogDeviation = b * b - 1;
            return -0.5 * b * b - LogSqrtTwoPi - logDeviation;
        }
        double low = (gap.Low - mean) * inverse, high = (gap.High - mean) * inverse;
        double width = high - low;
        if (width * (1 + Math.Max(Math.Abs(low), Math.Abs(high))) < 0.05)
        {
            // Midpoint rule with its second-order term; the next is below 1e-8 at this width.
            b = 0.5 * (low + high);
            double w2 = width * width / 12, slope = 1 - w2;
            byMean = b * slope * inverse;
            byLogDeviation = b * b * slope - 1 - (b * b - 1) * w2;
            return -0.5 * b * b - LogSqrtTwoPi + Math.Log(width) + (b * b - 1) * w2 / 2;
        }
        var interval = NormalInterval.Between(low, high);
        byMean = -interval.DShift * inverse;
        byLogDeviation = -interval.DScale;
        return interval.LogProbability;
    }
}
