using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>What the training data fixes in a model: gap statistics, marks, clock grid, anchors and the spread of decays.</summary>
internal sealed class DataStatistics
{
    private DataStatistics()
    {
    }

    /// <summary>The configuration with its data-dependent fields filled.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>History-free mixture over the standardised log gap.</summary>
    public required NormalMixture Anchor { get; init; }

    /// <summary>Simple methods fitted on the same gaps and marks.</summary>
    public required Baselines Baselines { get; init; }

    /// <summary>One over the median stream's span: the slowest decay to start from.</summary>
    public required double SlowestDecay { get; init; }

    /// <summary>One over the first-quartile gap: the fastest.</summary>
    public required double FastestDecay { get; init; }

    /// <summary>Rare marks that became one; null where there were none.</summary>
    public required FoldedMarks? Folded { get; init; }

    /// <summary>Reads the training sequences.</summary>
    /// <exception cref="ArgumentException">There is nothing to learn from, or no model could hold it.</exception>
    public static DataStatistics Of(IReadOnlyList<EventSequence> train, TrainingOptions options)
    {
        DataLimits.Check(train, "train");
        DataLimits.CheckShortestGap(train);
        double[] gaps = [.. train.SelectMany(Gaps)];
        if (gaps.Length == 0)
        {
            throw new ArgumentException("Training needs at least one sequence with two events; every sequence has fewer.", nameof(train));
        }
        if (!Array.Exists(gaps, g => g > 0))
        {
            throw new ArgumentException("Training needs at least one gap above 0; all events of each stream have the same time.",
                nameof(train));
        }
        double[] sorted = [.. gaps.Where(g => g > 0).Order()];
        double resolution = options.Resolution ?? ClockGrid.Detect(train, options.Shape.TimeUnitSeconds);
        // Among continuous times one gap in a thousand may be shorter: the smallest of all is an accident, and decides nothing.
        double floor = (resolution > 0 ? Math.Max(resolution, sorted[0]) : sorted[sorted.Length / 1000]) / 2;
        // Ties among continuous times have a probability of their own; on a grid they are one tick among others.
        double ties = resolution == 0 ? 1 - (double)sorted.Length / gaps.Length : 0;
        double[] logs = [.. gaps.Where(g => g > 0 || ties == 0).Select(g => Math.Log(Math.Max(g, floor)))];
        double mean = logs.Average();
        double deviation = Math.Max(Math.Sqrt(logs.Average(x => (x - mean) * (x - mean))), 1e-3);
        double[] spans = [.. train.Where(s => s.Times.Length > 1).Select(s => s.Times[^1] - s.Times[0]).Order()];
        double slowest = 1 / Math.Max(spans[spans.Length / 2], sorted[0]);
        ModelConfig config = options.Shape with
        {
            Resolution = resolution,
            Ties = ties,
            GapFloor = floor,
            GapCeiling = 10 * sorted[^1],
            LogGapMean = mean,
            LogGapDeviation = deviation,
            Marks = Vocabulary.Of(train, options.MaxMarks, out FoldedMarks? folded),
            HasOtherMark = folded is not null,
        };
        // What loading would refuse is not trained.
        config.Validate();
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        int[] Indices(Func<EventSequence, int, string> mark) => config.Marks.Count == 0 ? [] :
            [.. train.SelectMany(s => Enumerable.Range(1, Math.Max(0, s.Times.Length - 1))
                .Select(t => s.Marks is null ? config.UnknownMark : markIndex.GetValueOrDefault(mark(s, t), config.UnknownMark)))];
        return new DataStatistics
        {
            Config = config,
            Folded = folded,
            Baselines = Baselines.Fit(config, gaps, Indices((s, t) => s.Marks![t - 1]), Indices((s, t) => s.Marks![t])),
            Anchor = ExpectationMaximization.Fit(Array.ConvertAll(logs, x => (x - mean) / deviation), config.Components),
            SlowestDecay = slowest,
            FastestDecay = Math.Max(1 / sorted[sorted.Length / 4], slowest),
        };
    }

    /// <summary>Inter-event times of one sequence.</summary>
    public static IEnumerable<double> Gaps(EventSequence sequence)
    {
        for (int t = 1; t < sequence.Times.Length; t++)
        {
            yield return sequence.Times[t] - sequence.Times[t - 1];
        }
    }
}
