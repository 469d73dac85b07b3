using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>Sums of log-likelihoods, nats.</summary>
/// <param name="Time">Of the predicted events, their marks left out.</param>
/// <param name="Mark">Of the marks given the gaps.</param>
/// <param name="OpenEnds">Of the open ends.</param>
internal record struct LikelihoodSums(double Time, double Mark, double OpenEnds)
{
    /// <summary>Joint negative log-likelihood.</summary>
    public readonly double Nll => -(Time + Mark + OpenEnds);
}

/// <summary>How the heads' outputs score a sequence, with gradients: the loss of every training, in double, whatever computed the
/// outputs. Threads may share it.</summary>
internal sealed unsafe class SequenceLikelihood(ModelConfig config, TimeHead timeHead)
{
    /// <summary>Scores one sequence and adds to the sums.</summary>
    /// <param name="time">Outputs of the time head. Shape [sequence.Rows, timeStride].</param>
    /// <param name="marks">Mark logits. Shape [sequence.Rows, markStride]; unused without marks.</param>
    /// <param name="gradientScale">Factor of the gradients.</param>
    /// <param name="timeGradient">Output: gradientScale x d(log-likelihood)/d(time), 0 where that does not depend on it; or null.</param>
    /// <param name="markGradient">The same of the mark logits; or null.</param>
    /// <param name="logTimes">Output: log-likelihood of each row's event without its mark; not set for an open end. Shape [Rows].</param>
    /// <param name="logMarks">Output: log probability of its mark; not set for an open end or without marks. Shape [Rows].</param>
    public void Add(EncodedSequence sequence, float* time, int timeStride, float* marks, int markStride, double gradientScale,
        float* timeGradient, float* markGradient, Span<double> logTimes, Span<double> logMarks, ref LikelihoodSums sums)
    {
        int known = config.Marks.Count;
        bool backward = timeGradient != null;
        for (int row = 0; row < sequence.Rows; row++)
        {
            int t = row + 1;
            var outputs = new ReadOnlySpan<float>(time + (nint)row * timeStride, timeStride);
            var gradient = new Span<float>(timeGradient + (nint)row * timeStride, backward ? timeStride : 0);
            gradient.Clear();
            var full = new Span<float>(markGradient + (nint)row * markStride, backward ? markStride : 0);
            full.Clear();
            if (t == sequence.Length)
            {
                sums.OpenEnds += sequence.OpenEnd is { } end ? OpenEnd(outputs, end, gradientScale, gradient) : 0;
                continue;
            }
            logTimes[row] = timeHead.LogDensity(outputs, sequence.Intervals[t], gradientScale, gradient);
            if (config.Censored)
            {
                logTimes[row] += NeverHead.LogComing(timeHead, outputs, gradientScale, gradient);
            }
            sums.Time += logTimes[row];
            if (known == 0)
            {
                continue;
            }
            // A mark that training never saw has no logit: it counts with the model's fixed probability and teaches nothing.
            logMarks[row] = sequence.Marks[t] == known
                ? ForecastModel.LogUnknownMark
                : MarkHead.LogProbability(new ReadOnlySpan<float>(marks + (nint)row * markStride, known), sequence.Marks[t],
                    gradientScale, backward ? full[..known] : full);
            sums.Mark += logMarks[row];
        }
    }

    private double OpenEnd(ReadOnlySpan<float> outputs, in GapInterval silence, double gradientScale, Span<float> gradient) =>
        config.Censored ? NeverHead.LogSilence(timeHead, outputs, silence, gradientScale, gradient)
            : timeHead.LogDensity(outputs, silence, gradientScale, gradient);
}
