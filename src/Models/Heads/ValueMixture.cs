using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>From a row's outputs for one value to the distribution of its u, the value in the stream's own level and unit: a mixture of
/// normals that starts as that of all streams together, and a tail (<see cref="ValueTail"/>).</summary>
/// <remarks>Outputs: [logit | shift | scale], K each, as of <see cref="TimeHead"/>, whose decoding it shares.</remarks>
internal sealed class ValueMixture(NormalMixture anchor) : AnchoredMixture(anchor.LogWeight, anchor.Mean, anchor.Deviation)
{
    /// <summary>Components K of a model's values.</summary>
    public const int Parts = 8;

    private const double LogSqrtTwoPi = 0.918938533204672742;

    /// <summary>Log density of an observed u, and its gradient.</summary>
    /// <param name="outputs">Shape [3k].</param>
    /// <param name="gradient">Output, added to: gradientScale x d(log density)/d(outputs). Shape [3k], or empty.</param>
    public double LogDensity(ReadOnlySpan<float> outputs, double u, double gradientScale, Span<float> gradient)
    {
        int k = Components;
        Span<double> weight = stackalloc double[k], joint = stackalloc double[k], deviations = stackalloc double[k];
        double maxWeight = double.NegativeInfinity, maxJoint = double.NegativeInfinity;
        for (int i = 0; i < k; i++)
        {
            double logDeviation = AnchorLogDeviation[i] + outputs[2 * k + i];
            double clamped = Math.Clamp(logDeviation, MinLogDeviation, MaxLogDeviation);
            weight[i] = AnchorLogWeight[i] + outputs[i];
            deviations[i] = (u - AnchorMean[i] - AnchorDeviation[i] * outputs[k + i]) * Math.Exp(-clamped);
            joint[i] = weight[i] - 0.5 * deviations[i] * deviations[i] - LogSqrtTwoPi - clamped;
            maxWeight = Math.Max(maxWeight, weight[i]);
            maxJoint = Math.Max(maxJoint, joint[i]);
        }
        double weightSum = 0, jointSum = 0;
        for (int i = 0; i < k; i++)
        {
            weightSum += weight[i] = Math.Exp(weight[i] - maxWeight);
            jointSum += joint[i] = Math.Exp(joint[i] - maxJoint);
        }
        double log = ValueTail.Add(maxJoint + Math.Log(jointSum) - maxWeight - Math.Log(weightSum), u, out double share);
        for (int i = 0; i < k && !gradient.IsEmpty; i++)
        {
            double logDeviation = AnchorLogDeviation[i] + outputs[2 * k + i];
            double inside = Math.Clamp(logDeviation, MinLogDeviation, MaxLogDeviation);
            double responsibility = joint[i] / jointSum, scale = gradientScale * share;
            gradient[i] += (float)(scale * (responsibility - weight[i] / weightSum));
            gradient[k + i] += (float)(scale * responsibility * AnchorDeviation[i] * deviations[i] * Math.Exp(-inside));
            gradient[2 * k + i] += inside != logDeviation ? 0 : (float)(scale * responsibility * (deviations[i] * deviations[i] - 1));
        }
        return log;
    }
}
