using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Labels;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Activities;

/// <summary>Fits the model of the next event to whole cases. Behind the last event of each it is known that none comes any more
/// (<see cref="EventSequence.Until"/>), so the probability that a case is over is that of no next event (<see cref="NeverHead"/>); and one
/// head more learns when the last event comes.</summary>
internal static class ActivityTrainer
{
    /// <summary>Passes over the data, unless told otherwise: about where trainings with a tenth of the cases held out were best.</summary>
    public const int DefaultEpochs = 12;

    /// <summary>Trains by the default recipe: every case is learned from, and the number of passes ends it.</summary>
    /// <param name="train">Whole cases with activities.</param>
    /// <param name="options">Shape, learning rate, epochs, seed and threads.</param>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ActivityModel Train(IReadOnlyList<EventSequence> train, TrainingOptions options, CancellationToken cancellation = default)
    {
        EventSequence[] over = WholeStreams.Ended(train);
        ModelConfig shape = options.Shape with
        {
            Censored = true,
            Values = LabelTrainer.ScalesOf(train),
            Calendar = HasCalendar(train),
        };
        DataStatistics data = DataStatistics.Of(over, options with { Shape = shape });
        ModelConfig config = data.Config with { Remaining = WholeStreams.ScaleOf(train, data.Config.GapFloor) };
        config.Validate();
        var layout = new ParameterLayout(config);
        var timeHead = new TimeHead(config, data.Anchor.LogWeight, data.Anchor.Mean, data.Anchor.Deviation);
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        List<EncodedSequence> cases = [.. over.Select(s => new EncodedSequence(s, config, markIndex, openEnd: true))];
        using var weights = new AlignedBuffer(layout.Length);
        ParameterInitializer.Fill(weights.Span, layout, options.Seed, data.SlowestDecay, data.FastestDecay);
        Trainer.StartHeads(weights.Span, layout, config, over, data.Anchor);
        using var gradient = new BatchGradient(config, layout, timeHead, options.Threads);
        Optimised best = Optimiser.Run(layout, weights, gradient, cases, cases,
            options with { Epochs = options.Epochs ?? DefaultEpochs }, null, cancellation);
        Trainer.SetUnknownMark(best.Weights.Span, layout, over, markIndex);
        return new ActivityModel(new ForecastModel(config, best.Weights, timeHead, data.Baselines));
    }

    /// <summary>Whether times tell the time of day and of the week: where every case begins at the same time they are counted from its
    /// beginning.</summary>
    public static bool HasCalendar(IReadOnlyList<EventSequence> cases) => cases.Select(s => s.Times[0]).Distinct().Skip(1).Any();
}
