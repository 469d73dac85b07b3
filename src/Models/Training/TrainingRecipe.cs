using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The default recipe's numbers; docs/models.md says where each comes from.</summary>
internal static class TrainingRecipe
{
    /// <summary>Raised by every change after which the same data and seed give another model: results of two recipes must not be
    /// mixed.</summary>
    public const int Version = 4;

    public const int BatchSequences = 16;
    public const int BatchEvents = 4096;
    public const double FinalRateShare = 0.02;
    public const int WarmUpSteps = 100;
    public const double WeightDecay = 0.01;
    public const double ClipNorm = 1;
    public const double AverageKeep = 0.99;
    public const int MinEpochs = 16, MaxEpochs = 60, MinSteps = 1200;

    /// <summary>Passes over the data: 16, or more where an epoch is so few steps that 16 would not do.</summary>
    public static int Epochs(int stepsPerEpoch) => Math.Clamp((MinSteps + stepsPerEpoch - 1) / stepsPerEpoch, MinEpochs, MaxEpochs);

    /// <summary>Epochs without a better dev score after which training stops.</summary>
    public static int Patience(int epochs) => Math.Max(6, epochs / 4);

    /// <summary>Learning rate of a step: linear warm-up, then half a cosine down to 2%.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="steps">Steps planned.</param>
    /// <param name="peak">Learning rate at the end of the warm-up.</param>
    public static double Rate(int step, int steps, double peak)
    {
        int warmUp = Math.Min(WarmUpSteps, Math.Max(1, steps / 10));
        if (step < warmUp)
        {
            return peak * (step + 1) / warmUp;
        }
        double progress = (step - warmUp) / (double)Math.Max(1, steps - warmUp);
        return peak * (FinalRateShare + (1 - FinalRateShare) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }

    /// <summary>One epoch's batches: sequences in random order, cut at 16 sequences or 4,096 events.</summary>
    public static List<EncodedSequence[]> Batches(IReadOnlyList<EncodedSequence> sequences, RandomStream random)
    {
        EncodedSequence[] order = [.. sequences.Where(s => s.Rows > 0)];
        random.Shuffle<EncodedSequence>(order);
        return Cut(order);
    }

    /// <summary>Cuts sequences in their order into batches of 16 sequences or 4,096 events.</summary>
    public static List<EncodedSequence[]> Cut(EncodedSequence[] order)
    {
        var batches = new List<EncodedSequence[]>();
        for (int start = 0; start < order.Length;)
        {
            int end = start, events = 0;
            while (end < order.Length && end - start < BatchSequences && (end == start || events + order[end].Rows <= BatchEvents))
            {
                events += order[end++].Rows;
            }
            batches.Add(order[start..end]);
            start = end;
        }
        return batches;
    }
}
