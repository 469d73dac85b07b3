using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>Weights that an optimisation found.</summary>
/// <param name="Weights">Averaged weights of the best dev epoch. Shape [layout.Length].</param>
/// <param name="DevNll">Their mean negative log-likelihood on dev.</param>
/// <param name="Epoch">That epoch, from 1.</param>
/// <param name="Steps">Optimiser steps in all.</param>
internal sealed record Optimised(AlignedBuffer Weights, double DevNll, int Epoch, int Steps);

/// <summary>The recipe's way from first weights to trained ones (<see cref="TrainingRecipe"/>), whatever the heads say.</summary>
internal static unsafe class Optimiser
{
    /// <summary>Steps over the training set until dev gets no better.</summary>
    /// <param name="weights">First weights; changed. Shape [layout.Length].</param>
    /// <exception cref="TrainingDivergedException">No epoch had a finite dev score.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Optimised Run(ParameterLayout layout, AlignedBuffer weights, IBatchGradient gradient,
        IReadOnlyList<EncodedSequence> trainSet, IReadOnlyList<EncodedSequence> devSet, TrainingOptions options,
        IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using var average = new AlignedBuffer(layout.Length);
        var best = new AlignedBuffer(layout.Length);
        weights.Span.CopyTo(average.Span);
        weights.Span.CopyTo(best.Span);
        using var optimiser = new AdamW(layout, TrainingRecipe.WeightDecay);
        int stepsPerEpoch = TrainingRecipe.Batches(trainSet, new RandomStream(options.Seed, 0)).Count;
        int epochs = options.Epochs ?? TrainingRecipe.Epochs(stepsPerEpoch);
        int steps = stepsPerEpoch * epochs, step = 0, bestEpoch = 0;
        double bestNll = double.PositiveInfinity;

        for (int epoch = 1; epoch <= epochs && epoch - bestEpoch <= TrainingRecipe.Patience(epochs); epoch++)
        {
            double nll = 0;
            long rows = 0;
            List<EncodedSequence[]> batches = TrainingRecipe.Batches(trainSet, new RandomStream(options.Seed, epoch));
            for (int i = 0; i < batches.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (double batchNll, int batchRows) = gradient.Run(weights, batches[i]);
                nll += batchNll;
                rows += batchRows;
                Clip(gradient.Gradient, layout.Length);
                optimiser.Step(weights.Pointer, gradient.Gradient, TrainingRecipe.Rate(step, steps, options.LearningRate));
                // The average of the first steps would be mostly the random start: it warms up with the number of steps.
                Average(weights, average, Math.Min(TrainingRecipe.AverageKeep, (1.0 + step) / (10 + step)));
                step++;
                double? devNll = null;
                if (i == batches.Count - 1)
                {
                    (double sum, long scored) = gradient.Score(average, devSet);
                    devNll = sum / scored;
                    if (devNll < bestNll)
                    {
                        (bestNll, bestEpoch) = (devNll.Value, epoch);
                        average.Span.CopyTo(best.Span);
                    }
                }
                progress?.Report(new TrainingProgress(step, steps, epoch, nll / rows, devNll, double.IsFinite(bestNll) ? bestNll : null));
            }
        }
        return bestEpoch > 0 ? new Optimised(best, bestNll, bestEpoch, step) : throw new TrainingDivergedException(
            "Training diverged: the dev score was never a finite number. Check the data for extreme times, or lower the learning rate.");
    }

    /// <summary>Scales the gradient down to norm 1 where it is longer.</summary>
    private static void Clip(float* gradient, int length)
    {
        double square = 0;
        for (int i = 0; i < length; i++)
        {
            square += (double)gradient[i] * gradient[i];
        }
        double norm = Math.Sqrt(square);
        if (norm > TrainingRecipe.ClipNorm)
        {
            float scale = (float)(TrainingRecipe.ClipNorm / norm);
            for (int i = 0; i < length; i++)
            {
                gradient[i] *= scale;
            }
        }
    }

    private static void Average(AlignedBuffer weights, AlignedBuffer average, double keep)
    {
        float share = (float)(1 - keep);
        for (int i = 0; i < weights.Length; i++)
        {
            average.Pointer[i] += share * (weights.Pointer[i] - average.Pointer[i]);
        }
    }
}
