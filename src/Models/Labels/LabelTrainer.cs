using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Labels;

/// <summary>Fits a model to streams whose kind is known: after every event it is to say the kind, so that it says it early, and so that the
/// length of a stream tells nothing.</summary>
public static class LabelTrainer
{
    /// <summary>Passes over the data, and learning rate, unless told otherwise: sets of labelled streams are small, and are soon learned by
    /// heart.</summary>
    public const int DefaultEpochs = 30;

    /// <inheritdoc cref="DefaultEpochs"/>
    public const double DefaultLearningRate = 3e-3;

    /// <summary>Trains by the default recipe.</summary>
    /// <param name="train">Streams with a label; what has none is left out.</param>
    /// <param name="dev">The same, which says when to stop.</param>
    /// <param name="options">Shape, learning rate, epochs, seed and threads.</param>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static LabelModel Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev, TrainingOptions options,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        EventSequence[] known = [.. train.Where(s => s.Label is not null && s.Times.Length > 0)];
        if (known.Length == 0)
        {
            throw new ArgumentException("Training needs streams of two kinds or more, and none of train has a label.", nameof(train));
        }
        string[] labels = Trainer.LabelsOf(known, dev);
        DataStatistics data = DataStatistics.Of(known, options);
        ModelConfig config = data.Config with { Values = ScalesOf(known), Labels = labels };
        config.Validate();
        var layout = new ParameterLayout(config);
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        List<EncodedSequence> Encode(IEnumerable<EventSequence> sequences) =>
            [.. sequences.Where(s => s.Label is not null && s.Times.Length > 0)
                .Select(s => new EncodedSequence(s, config, markIndex, openEnd: false, everyEvent: true))];
        List<EncodedSequence> devSet = Encode(dev);
        if (devSet.Count == 0)
        {
            throw new ArgumentException("The dev set needs at least one stream with a label: training stops by its score.", nameof(dev));
        }
        using var weights = new AlignedBuffer(layout.Length);
        ParameterInitializer.Fill(weights.Span, layout, options.Seed, data.SlowestDecay, data.FastestDecay);
        using var gradient = new BatchGradient(config, layout, timeHead: null, options.Threads);
        Optimised best = Optimiser.Run(layout, weights, gradient, Encode(known), devSet, options, progress, cancellationToken);
        return new LabelModel(config, layout, best.Weights);
    }

    /// <summary>Names of the values in the order in which streams have them, and how each lies; null where there are none.</summary>
    /// <exception cref="ArgumentException">There are more than a model can read.</exception>
    internal static ValueScale[]? ScalesOf(IReadOnlyList<EventSequence> train)
    {
        string[] names = [.. train.SelectMany(s => s.Values?.Keys ?? []).Distinct()];
        if (names.Length > ModelLimits.Values)
        {
            throw new ArgumentException($"Events carry {names.Length} values, and a model reads at most {ModelLimits.Values}. Leave out the others.",
                nameof(train));
        }
        return names.Length == 0 ? null : [.. names.Select(name => ValueScale.Of(name,
            [.. train.SelectMany(s => s.Values?.GetValueOrDefault(name) ?? []).Where(v => !double.IsNaN(v))]))];
    }
}
