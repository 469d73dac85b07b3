using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>What a model loses on streams by following what each has shown of its own. Where the times of events sit on a grid of the
/// calendar, a day say, a forecast that moves along ln gap moves off it.</summary>
public static class AdaptationCost
{
    /// <summary>A loss up to here, nats an event, is what a model pays for following changes that its dev set has none of.</summary>
    public const double Tolerable = 0.01;

    /// <summary>NLL of gaps and marks with adaptation less that without, nats an event; negative where adapting gains, 0 where there is
    /// nothing to score.</summary>
    /// <param name="model">The model, adapting or not.</param>
    /// <param name="sequences">Streams that it did not learn from.</param>
    /// <param name="threads">Processors.</param>
    public static double Of(ForecastModel model, IReadOnlyList<EventSequence> sequences, int threads = 1)
    {
        ForecastModel adapting = model.WithAdaptation(true);
        EventSequence[][] pieces = [.. sequences.Where(s => s.Times.Length > s.FirstScored).Chunk(8)];
        var sums = new (double Cost, long Events)[pieces.Length];
        Parallel.For(0, pieces.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => sums[i] = Of(adapting, pieces[i]));
        long events = sums.Sum(s => s.Events);
        // Added in the pieces' order, so the figure does not depend on the threads.
        return events == 0 ? 0 : sums.Sum(s => s.Cost) / events;
    }

    private static unsafe (double Cost, long Events) Of(ForecastModel model, EventSequence[] sequences)
    {
        EncodedSequence[] encoded = [.. sequences.Select(s => new EncodedSequence(s, model.Config, model.MarkIndices, openEnd: true,
            everyEvent: model.Config.Labels is not null))];
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead, model.ValueMixtures);
        pass.Run(model.Weights.Pointer, encoded, null, 0);
        using var adapted = new AdaptedPass(model, pass, encoded);
        bool hasMarks = model.Config.Marks.Count > 0;
        double cost = 0;
        long events = 0;
        for (int i = 0, first = 0; i < sequences.Length; first += encoded[i].Rows, i++)
        {
            for (int t = sequences[i].FirstScored; t < sequences[i].Times.Length; t++, events++)
            {
                int row = first + t - 1;
                cost += pass.LogTimes[row] - adapted.LogTimes[row] + (hasMarks ? pass.LogMarks[row] - adapted.LogMarks[row] : 0);
            }
        }
        return (cost, events);
    }
}
