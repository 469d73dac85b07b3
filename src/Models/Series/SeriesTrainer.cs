using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Series;

/// <summary>Fits a model to regular series: after every reading it is to forecast the next H. The last fifth of train is
/// not learned from: it says when to stop, and how much of the network's correction to believe.</summary>
public static unsafe class SeriesTrainer
{
    /// <summary>Passes over the data, and learning rate, unless told otherwise.</summary>
    public const int DefaultEpochs = 10;

    /// <inheritdoc cref="DefaultEpochs"/>
    public const double DefaultLearningRate = 3e-3;

    /// <summary>Readings of a window unless told otherwise: two weeks of hours.</summary>
    public const int DefaultWindow = 336;

    /// <summary>Readings of a stretch that training runs through: the parallel form starts each without a past.</summary>
    private const int Stretch = 512;

    /// <summary>Trains by the default recipe.</summary>
    /// <param name="train">Regular streams with values, each a series under each name.</param>
    /// <param name="options">Shape with its <see cref="ModelConfig.Series"/>, learning rate, epochs, seed and threads.</param>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SeriesModel Train(IReadOnlyList<EventSequence> train, TrainingOptions options,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        SeriesShape shape = options.Shape.Series ?? throw new ArgumentException("The shape says no horizon (Series).", nameof(options));
        options.Shape.Validate();
        SeriesScale[] scales = SeriesScale.Of(train);
        SeriesChannel[] channels = SeriesChannel.Of(train, scales);
        return Train(channels, scales, SeriesAnchor.Fit(channels, shape), options, progress, cancellationToken);
    }

    /// <summary>The same beside a linear forecast that is there already.</summary>
    internal static SeriesModel Train(IReadOnlyList<SeriesChannel> train, IReadOnlyList<SeriesScale> scales, SeriesAnchor anchor,
        TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ModelConfig config = options.Shape;
        SeriesShape shape = config.Series!;
        SeriesChannel[] learned = [.. train.Select(SeriesAnchor.Beginning)];
        var layout = new ParameterLayout(config);
        List<EncodedSequence> trainSet =
            [.. learned.SelectMany(s => Stretches(s, shape.Window - 1, s.Count - shape.Horizon)).Select(s => s.Sequence)];
        List<(EncodedSequence Sequence, int Start)> heldOut = [.. train.Zip(learned)
            .SelectMany(s => Stretches(s.First, Math.Max(shape.Window, s.Second.Count) - 1, s.First.Count - shape.Horizon))];
        if (heldOut.Count == 0)
        {
            throw new ArgumentException($"The last fifth of train says when to stop, and none of its series has {shape.Horizon} readings there. Train on series of {5 * shape.Horizon} readings or more, or shorten the horizon.", nameof(train));
        }
        using var weights = new AlignedBuffer(layout.Length);
        ParameterInitializer.Fill(weights.Span, layout, options.Seed, 1.0 / Stretch, 1);
        StartScales(weights.Span, layout.Series!, trainSet);
        using var gradient = new BatchGradient(config, layout, timeHead: null, options.Threads);
        List<EncodedSequence> heldOutSet = [.. heldOut.Select(s => s.Sequence)];
        Optimised best = Optimiser.Run(layout, weights, gradient, trainSet, heldOutSet, options, progress, cancellationToken);
        BelievePlaces(config, layout, best.Weights, heldOut);
        return new SeriesModel(config, layout, best.Weights, anchor.Whole, scales);

        // Each with the place of its first origin behind the others of its series.
        IEnumerable<(EncodedSequence Sequence, int Start)> Stretches(SeriesChannel series, int from, int to)
        {
            for (int start = from; start < to; start += Stretch)
            {
                int count = Math.Min(Stretch, to - start);
                EncodedReadings readings = SeriesModel.Encode(series, shape, anchor.Learned, start, count, 0..count);
                yield return (new EncodedSequence(readings, config), start - from);
            }
        }
    }

    /// <summary>Training starts from the scales that the linear forecast's errors have without a history.</summary>
    private static void StartScales(Span<float> weights, SeriesHead head, IReadOnlyList<EncodedSequence> train)
    {
        double[] sums = new double[head.Horizon];
        long rows = 0;
        foreach (EncodedSequence sequence in train)
        {
            rows += sequence.Readings!.AddErrors(head, sums);
        }
        for (int h = 0; h < sums.Length; h++)
        {
            // The mean distance of a logistic distribution from its middle is 2 ln 2 scales.
            weights[head.ScaleBias.Offset + h] = (float)Math.Log(Math.Max(sums[h] / rows / (2 * Math.Log(2)), 1e-3));
        }
    }

    /// <summary>Shrinks what the network adds to the linear forecast by the factor from 0 to 1 that has the least squared error on what
    /// it did not learn from, less two standard errors of that factor: what chance may have shown is not believed.</summary>
    /// <remarks>Errors of origins less than a horizon apart, and of series at one time, go together: each such block counts as one
    /// observation of a ratio (Cochran, Sampling Techniques, 1977, chapter 6). Source: Breiman, "Stacked Regressions", Machine Learning 24,
    /// 1996.</remarks>
    private static void BelievePlaces(ModelConfig config, ParameterLayout layout, AlignedBuffer weights,
        IReadOnlyList<(EncodedSequence Sequence, int Start)> heldOut)
    {
        var blocks = new SortedDictionary<int, (double Product, double Square)>();
        using var pass = new NetworkPass(config, layout, timeHead: null);
        foreach ((EncodedSequence sequence, int start) in heldOut)
        {
            pass.Run(weights.Pointer, [sequence], null, 0);
            for (int row = 0; row < sequence.Rows; row++)
            {
                (double p, double s) = sequence.Readings!.Agreement(row, layout.Series!, pass.Series!.Place(row));
                int block = (start + row) / config.Series!.Horizon;
                (double product, double square) = blocks.GetValueOrDefault(block);
                blocks[block] = (product + p, square + s);
            }
        }
        float share = Cautious([.. blocks.Values]);
        foreach (Parameter places in new[] { layout.Series!.PlaceWeight, layout.Series.PlaceBias })
        {
            foreach (ref float weight in weights.Span.Slice(places.Offset, places.Length))
            {
                weight *= share;
            }
        }
    }

    /// <summary>Ratio of summed products to summed squares, less two standard errors; within 0 and 1.</summary>
    internal static float Cautious(IReadOnlyList<(double Product, double Square)> blocks)
    {
        double square = blocks.Sum(b => b.Square);
        if (!(square > 0))
        {
            return 0;
        }
        double ratio = blocks.Sum(b => b.Product) / square;
        double spread = blocks.Sum(b => (b.Product - ratio * b.Square) * (b.Product - ratio * b.Square));
        double error = blocks.Count < 2 ? 0 : Math.Sqrt(spread * blocks.Count / (blocks.Count - 1.0)) / square;
        return (float)Math.Clamp(ratio - 2 * error, 0, 1);
    }
}
