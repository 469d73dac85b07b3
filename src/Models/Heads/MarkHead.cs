using Foretell.Models.Layers;

namespace Foretell.Models.Heads;

/// <summary>Marks given the hidden vector and the gap: logits = W h + b + M silu(H h + c + G f(z)), f being
/// <see cref="GapFeatures"/>.</summary>
internal static unsafe class MarkHead
{
    /// <summary>Width of the hidden layer that joins history and gap.</summary>
    public const int HiddenWidth = 64;

    /// <summary>Logits of the marks.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="hidden">Shape [rows, d] at <paramref name="hiddenRow"/> floats a row.</param>
    /// <param name="features">Shape [rows, 16].</param>
    /// <param name="inner">Hidden layer before its activation. Shape [rows, 64].</param>
    /// <param name="active">Hidden layer after it; may be <paramref name="inner"/>.</param>
    /// <param name="logits">Output. Shape [rows, m padded to 16].</param>
    public static void Logits(float* weights, MarkParameters parameters, float* hidden, int hiddenRow, float* features, float* inner,
        float* active, float* logits, int rows)
    {
        Linear.Forward(hidden, hiddenRow, weights, parameters.HiddenWeight, parameters.HiddenBias, inner, rows);
        Linear.Forward(features, GapFeatures.Stride, weights, parameters.GapWeight, null, inner, rows, accumulate: true);
        Silu.Forward(inner, active, (long)rows * HiddenWidth);
        Linear.Forward(hidden, hiddenRow, weights, parameters.Weight, parameters.Bias, logits, rows);
        Linear.Forward(active, HiddenWidth, weights, parameters.MixWeight, null, logits, rows, accumulate: true);
    }

    /// <summary>Log probability of the target mark, and its gradient.</summary>
    /// <param name="logits">Shape [m].</param>
    /// <param name="target">Index of the mark that came.</param>
    /// <param name="gradient">Output, written: gradientScale x d(log probability)/d(logits). Shape [m], or empty.</param>
    public static double LogProbability(ReadOnlySpan<float> logits, int target, double gradientScale, Span<float> gradient)
    {
        double logSum = LogSumExp(logits);
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = (float)(gradientScale * ((i == target ? 1 : 0) - Math.Exp(logits[i] - logSum)));
        }
        return logits[target] - logSum;
    }

    /// <summary>softmax(logits).</summary>
    public static double[] Probabilities(ReadOnlySpan<float> logits)
    {
        double[] probabilities = new double[logits.Length];
        AddProbabilities(logits, 1, probabilities);
        return probabilities;
    }

    /// <summary>Adds weight x softmax(logits) to probabilities.</summary>
    public static void AddProbabilities(ReadOnlySpan<float> logits, double weight, Span<double> probabilities)
    {
        double logSum = LogSumExp(logits);
        for (int i = 0; i < logits.Length; i++)
        {
            probabilities[i] += weight * Math.Exp(logits[i] - logSum);
        }
    }

    /// <summary>Index of the largest logit.</summary>
    public static int Largest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }
        return max + Math.Log(sum);
    }
}
