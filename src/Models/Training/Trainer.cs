using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>What to train and for how long.</summary>
public sealed record TrainingOptions
{
    /// <summary>The default recipe's learning rate.</summary>
    public const double DefaultLearningRate = 6e-3;

    /// <summary>Most marks unless the options say otherwise: a state and a forecast of so many are still small.</summary>
    public const int DefaultMaxMarks = 256;

    /// <summary>Shape, time unit and whether open ends count (<see cref="ModelConfig.Censored"/>, by
    /// <see cref="EventSequence.Until"/>); data-dependent fields (floor, gap statistics, marks, resolution) are filled from the
    /// training data.</summary>
    public ModelConfig Shape { get; init; } = new();

    /// <summary>Every stream is whole: behind its last event none comes. The model then tells how likely a stream is over, and when its
    /// last event comes.</summary>
    public bool WholeStreams { get; init; }

    /// <summary>Which marks are actions, and the value that they are taken for; null for none.</summary>
    public DecisionSettings? Decisions { get; init; }

    /// <summary>Names of the values to read and forecast, of those that events carry; null for all, empty for none.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Clock grid in time units: null finds it in the training data, 0 treats times as continuous.</summary>
    public double? Resolution { get; init; }

    /// <summary>Most marks that the model tells apart; rarer ones fold into one, <see cref="ModelConfig.OtherMark"/>. 2 to
    /// <see cref="ModelLimits.Marks"/>.</summary>
    public int MaxMarks { get; init; } = DefaultMaxMarks;

    /// <summary>Passes over the training data; null follows the default recipe (docs/models.md).</summary>
    public int? Epochs { get; init; }

    /// <summary>Learning rate after the warm-up; from there it falls to 2% of this.</summary>
    public double LearningRate { get; init; } = DefaultLearningRate;

    /// <summary>Seed of every random choice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Worker threads. The weights do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}

/// <summary>Where training stands, reported after every optimiser step.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Steps">Steps planned; early stopping may end sooner.</param>
/// <param name="Epoch">Current pass over the data, from 1.</param>
/// <param name="TrainNll">Mean joint NLL per event (of censored training: per event or open end) over this epoch so far, nats.</param>
/// <param name="DevNll">Joint NLL on dev when this step ended an epoch, else null.</param>
/// <param name="BestDevNll">Best joint NLL on dev so far, or null before the first.</param>
public sealed record TrainingProgress(int Step, int Steps, int Epoch, double TrainNll, double? DevNll, double? BestDevNll);

/// <summary>A trained model with its dev score.</summary>
public sealed record TrainingResult(ForecastModel Model, double DevNll, int BestEpoch, int Steps)
{
    /// <summary>Rare marks that became one; null where there were none.</summary>
    public FoldedMarks? Folded { get; init; }
}

/// <summary>No epoch of a training had a finite dev score.</summary>
public sealed class TrainingDivergedException(string message) : ArgumentException(message);

/// <summary>Fits a model to event sequences, on the CPU unless another device's gradients are handed in.</summary>
public static class Trainer
{
    /// <summary>Trains by the default recipe and returns the averaged weights of the best dev epoch.</summary>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why and what to do.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TrainingResult Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev,
        TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Train(train, dev, options,
            (config, layout, timeHead, values) => new BatchGradient(config, layout, timeHead, options.Threads, values), progress,
            cancellationToken);

    /// <summary>The same with the gradients of another device.</summary>
    /// <inheritdoc cref="Train(IReadOnlyList{EventSequence}, IReadOnlyList{EventSequence}, TrainingOptions, IProgress{TrainingProgress}, CancellationToken)"/>
    internal static TrainingResult Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev, TrainingOptions options,
        GradientFactory gradients, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (options.WholeStreams)
        {
            (train, dev) = (WholeStreams.Ended(train), WholeStreams.Ended(dev));
            options = options with { Shape = options.Shape with { Censored = true } };
        }
        options.Shape.Validate();
        if (!(options.LearningRate > 0 && options.LearningRate <= 1))
        {
            throw new ArgumentException($"The learning rate must be above 0 and at most 1, got {options.LearningRate}.", nameof(options));
        }
        if (options.MaxMarks is < 2 or > ModelLimits.Marks)
        {
            throw new ArgumentException($"The most marks must be 2 to {ModelLimits.Marks}, got {options.MaxMarks}.", nameof(options));
        }
        if (options.Resolution is { } resolution && resolution is not (0 or (>= ModelLimits.ShortestGap and <= ModelLimits.LongestGap)))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"The clock grid must be 0 or from {ModelLimits.ShortestGap} to {ModelLimits.LongestGap} time units, got {resolution}."), nameof(options));
        }
        if (options.Shape.States > 0)
        {
            throw new ArgumentException($"Mixer {options.Shape.Mixer} bounds a trained model and is not trained itself; train with mixer softmax and bound the result.", nameof(options));
        }
        if (options.Shape.Censored && !(train.Any(s => s.Until is not null) && dev.Any(s => s.Until is not null)))
        {
            throw new ArgumentException(
                "Censored training needs to know until when the streams were watched, and no sequence of train or of dev says so.",
                nameof(train));
        }
        ValueScale[]? scales = ValueStatistics.ScalesOf(train, options.Values);
        string[] labels = LabelsOf(train, dev);
        ModelConfig shape = options.Shape with
        {
            Values = scales,
            ForecastsValues = scales is not null,
            Labels = labels.Length == 0 ? null : labels,
        };
        DataStatistics data = DataStatistics.Of(train, options with { Shape = shape });
        DataLimits.Check(dev, "dev");
        ModelConfig config = options.WholeStreams
            ? data.Config with { Remaining = WholeStreams.ScaleOf(train, data.Config.GapFloor) } : data.Config;
        config = config with { Decisions = options.Decisions };
        config.Validate();
        var layout = new ParameterLayout(config);
        var timeHead = new TimeHead(config, data.Anchor.LogWeight, data.Anchor.Mean, data.Anchor.Deviation);
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        List<EncodedSequence> trainSet = Encode(train, config, markIndex), devSet = Encode(dev, config, markIndex);
        if (devSet.Count == 0)
        {
            throw new ArgumentException("The dev set needs at least one sequence with two events: training stops by its score.",
                nameof(dev));
        }
        RequireMarks(train, dev, "dev");

        using var weights = new AlignedBuffer(layout.Length);
        ParameterInitializer.Fill(weights.Span, layout, options.Seed, data.SlowestDecay, data.FastestDecay);
        StartHeads(weights.Span, layout, config, train, data.Anchor);
        ValueMixture[] values = ValueStatistics.Start(weights.Span, layout.Values, trainSet, config.Values);
        using IBatchGradient gradient = gradients(config, layout, timeHead, values);
        Optimised best = Optimiser.Run(layout, weights, gradient, trainSet, devSet, options, progress, cancellationToken);
        SetUnknownMark(best.Weights.Span, layout, train, markIndex);
        var model = new ForecastModel(config, best.Weights, timeHead, data.Baselines, values);
        return new TrainingResult(model, best.DevNll, best.Epoch, best.Steps)
        {
            Folded = data.Folded,
        };
    }

    /// <summary>Kinds of stream that train tells of, in order; empty where it tells of none.</summary>
    /// <exception cref="ArgumentException">All are of one kind, or dev has kinds that train has none of.</exception>
    internal static string[] LabelsOf(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev)
    {
        string[] labels = [.. train.Where(s => s.Times.Length > 0).Select(s => s.Label).OfType<string>().Distinct()
            .Order(StringComparer.Ordinal)];
        if (labels.Length == 1)
        {
            throw new ArgumentException($"Training needs streams of two kinds or more, and all of train are '{labels[0]}'.", nameof(train));
        }
        string[] strange = [.. dev.Select(s => s.Label).OfType<string>().Except(labels).Take(3)];
        return strange.Length == 0 ? labels : throw new ArgumentException(
            $"Streams of dev are of kinds that train has none of: {string.Join(", ", strange)}.", nameof(dev));
    }

    /// <summary>Where training has marks, what is to be scored must have some: each event without one would count as an unknown
    /// mark, and the score would say that alone.</summary>
    /// <exception cref="ArgumentException">It has none.</exception>
    internal static void RequireMarks(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> scored, string name)
    {
        if (train.Any(s => s.Marks is not null) && scored.Count > 0 && scored.All(s => s.Marks is null))
        {
            throw new ArgumentException(
                $"The events of train have marks and those of {name} have none. Give the marks to both, or leave them out of both.",
                nameof(scored));
        }
    }

    /// <summary>Where the probabilities of no next event and of a tie start: at their shares without history.</summary>
    internal static void StartHeads(Span<float> weights, ParameterLayout layout, ModelConfig config, IReadOnlyList<EventSequence> train,
        NormalMixture anchor)
    {
        if (config.Censored)
        {
            weights[layout.TimeBias.Offset + 3 * config.Components] =
                (float)NeverStart.Logit(train, anchor.Rescale(config.LogGapMean, config.LogGapDeviation));
        }
        if (config.Ties > 0)
        {
            weights[layout.TimeBias.Offset + config.TieOutput] = (float)Math.Log(config.Ties / (1 - config.Ties));
        }
    }

    private static List<EncodedSequence> Encode(IReadOnlyList<EventSequence> sequences, ModelConfig config,
        Dictionary<string, int> markIndex) =>
        [.. sequences.Select(s => new EncodedSequence(s, config, markIndex, config.Censored, everyEvent: config.Labels is not null))
            .Where(s => s.Rows > 0)];

    /// <summary>A mark that training never saw enters as the average event does: the mean embedding, by frequency.</summary>
    internal static void SetUnknownMark(Span<float> weights, ParameterLayout layout, IReadOnlyList<EventSequence> train,
        Dictionary<string, int> markIndex)
    {
        if (markIndex.Count == 0)
        {
            return;
        }
        var counts = new long[markIndex.Count];
        foreach (string mark in train.SelectMany(s => s.Marks ?? []))
        {
            if (markIndex.TryGetValue(mark, out int index))
            {
                counts[index]++;
            }
        }
        long total = counts.Sum();
        foreach (Parameter p in layout.MarkEmbeddings)
        {
            Span<float> unknown = weights.Slice(p.Offset + markIndex.Count * p.Stride, p.Columns);
            for (int j = 0; j < unknown.Length; j++)
            {
                double sum = 0;
                for (int m = 0; m < counts.Length; m++)
                {
                    sum += counts[m] * (double)weights[p.Offset + m * p.Stride + j];
                }
                unknown[j] = (float)(sum / total);
            }
        }
    }
}
