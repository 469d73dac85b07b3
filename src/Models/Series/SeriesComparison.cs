using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Series;

/// <summary>What to compare, and how.</summary>
public sealed record SeriesComparisonOptions
{
    /// <summary>Forms that are trained; none that bounds another.</summary>
    public IReadOnlyList<ComparisonForm> Forms { get; init; } =
        [.. new[] { "aaren", "aaren-plain", "linear", "softmax" }.Select(ComparisonForm.Parse)];

    /// <summary>Trainings of each form, each with a seed of its own.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Horizon, window and seasons.</summary>
    public required SeriesShape Series { get; init; }

    /// <summary>Shape and recipe of all trainings.</summary>
    public TrainingOptions Training { get; init; } = new();
}

/// <summary>One row: a form over its seeds, or a simple method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSimple">It is a simple method.</param>
/// <param name="Mse">Mean squared error, in squared deviations of training.</param>
/// <param name="Mae">Mean absolute error, in deviations of training.</param>
/// <param name="Pinball">Twice the mean pinball loss of the quantiles .1, .2, ..., .9.</param>
/// <param name="Inside">Share of readings from the .1 up to the .9 quantile.</param>
/// <param name="MseBySteps">Mean over seeds of the mean squared error a step. Shape [H].</param>
/// <param name="BytesPerStream">Bytes that one series keeps at the end of the longest.</param>
public sealed record SeriesRow(string Name, bool IsSimple, Estimate Mse, Estimate Mae, Estimate Pinball, Estimate Inside,
    IReadOnlyList<double> MseBySteps, long BytesPerStream);

/// <summary>Trains every form on regular series and scores whole horizons of the test part, beside simple methods.</summary>
public sealed class SeriesComparison
{
    private readonly SeriesComparisonOptions _options;
    private readonly SeriesScale[] _scales;
    private readonly SeriesChannel[] _train, _test;

    /// <param name="train">Regular streams with values.</param>
    /// <param name="test">Streams that are scored; one that goes on where a stream of train ends has that for its past.</param>
    /// <param name="options">What to compare.</param>
    /// <exception cref="ArgumentException">A stream is not regular or lacks a reading, or a form is not trained.</exception>
    public SeriesComparison(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> test, SeriesComparisonOptions options)
    {
        _options = options;
        if (options.Forms.FirstOrDefault(f => f.IsBounded) is { } bounded)
        {
            throw new ArgumentException($"{bounded.Name} bounds a trained model, and series are compared as trained only. Leave it out.", nameof(options));
        }
        (options.Training.Shape with { Series = options.Series }).Validate();
        _scales = SeriesScale.Of(train);
        _train = SeriesChannel.Of(train, _scales);
        _test = SeriesChannel.Of(train, test, _scales);
        Origins = _test.Sum(s => s.Origins(options.Series.Window, options.Series.Horizon) is var (from, to) ? to - from : 0);
    }

    /// <summary>Series that are scored: the test streams' values.</summary>
    public int Series => _test.Length;

    /// <summary>Whole horizons that are scored.</summary>
    public long Origins { get; }

    /// <summary>The rows, each as soon as it is done: the simple methods, then the forms.</summary>
    /// <exception cref="ArgumentException">There is too little to learn from, or no whole horizon to score.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IEnumerable<SeriesRow> Run(IProgress<TrainingsProgress>? progress = null, CancellationToken cancellation = default)
    {
        (int horizon, int window, IReadOnlyList<int> seasons) = _options.Series;
        int threads = _options.Training.Threads;
        IEnumerable<SimpleSeries> simple =
        [
            SimpleSeries.LastValue(horizon),
            .. seasons.Take(1).Select(season => SimpleSeries.Seasonal(season, horizon)),
            SimpleSeries.Linear(_train, window, horizon),
        ];
        foreach (SimpleSeries method in simple)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return RowOf(method.Name, isSimple: true, [method.Score(_train, _test, window, horizon, threads)], method.Bytes);
        }
        var anchor = SeriesAnchor.Fit(_train, _options.Series);
        int done = 0, trainings = _options.Forms.Count * _options.Seeds;
        foreach (ComparisonForm form in _options.Forms)
        {
            var scores = new List<SeriesScore>();
            long bytes = 0;
            for (int seed = 1; seed <= _options.Seeds; seed++)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new TrainingsProgress($"{form.Name}, seed {seed}", done++, trainings));
                TrainingOptions training = _options.Training with
                {
                    Shape = _options.Training.Shape with { Mixer = form.Mixer, Decay = form.Decay, Series = _options.Series },
                    Seed = seed,
                };
                SeriesModel model = SeriesTrainer.Train(_train, _scales, anchor, training, null, cancellation);
                scores.Add(SeriesScore.Of(_test, window, horizon, model.Forecast, threads));
                bytes = model.StateBytesAfter(_test.Max(s => s.Count));
            }
            yield return RowOf(form.Name, isSimple: false, scores, bytes);
        }
    }

    private static SeriesRow RowOf(string name, bool isSimple, IReadOnlyList<SeriesScore> seeds, long bytes) => new(name, isSimple,
        Mean(seeds, s => s.Mse), Mean(seeds, s => s.Mae), Mean(seeds, s => s.Pinball), Mean(seeds, s => s.Inside),
        [.. seeds[0].MseBySteps.Select((_, h) => seeds.Average(s => s.MseBySteps[h]))], bytes);

    private static Estimate Mean(IReadOnlyList<SeriesScore> seeds, Func<SeriesScore, double> figure) =>
        Estimate.Of([.. seeds.Select(figure)]);
}
