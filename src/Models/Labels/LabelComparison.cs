using Foretell.Models.Comparison;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Labels;

/// <summary>What to compare, and how.</summary>
public sealed record LabelComparisonOptions
{
    /// <summary>Forms that are trained; none that bounds another.</summary>
    public IReadOnlyList<ComparisonForm> Forms { get; init; } = [.. ComparisonForm.Default.Where(f => !f.IsBounded)];

    /// <summary>Trainings of each form, each with a seed of its own.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Shape and recipe of all trainings.</summary>
    public TrainingOptions Training { get; init; } = new();
}

/// <summary>Scores of a form or method after a number of events, over its seeds.</summary>
/// <param name="After">Events known; null for all.</param>
/// <param name="Accuracy">Share of streams whose kind was told right.</param>
/// <param name="LogLoss">Mean negative log probability of the right kind, nats.</param>
public sealed record LabelEstimate(int? After, Estimate Accuracy, Estimate LogLoss);

/// <summary>One row: a form, or a simple method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSimple">It is a simple method.</param>
/// <param name="Scores">By the events known, all of them last.</param>
/// <param name="BytesPerStream">Bytes of a stream's row at the end of the longest stream; null for simple methods.</param>
public sealed record LabelRow(string Name, bool IsSimple, IReadOnlyList<LabelEstimate> Scores, long? BytesPerStream);

/// <summary>Trains and scores every form on streams whose kind is known, beside simple methods: each stream is scored by models that did
/// not see it, after some of its events and after all.</summary>
public sealed class LabelComparison
{
    private readonly (IReadOnlyList<EventSequence> Train, IReadOnlyList<EventSequence> Scored)[] _splits;
    private readonly LabelComparisonOptions _options;
    private readonly int?[] _after;

    /// <param name="train">Streams with labels. Without <paramref name="test"/> each must say its fold: the folds take turns.</param>
    /// <param name="test">Streams that are scored; null to take turns.</param>
    /// <param name="options">What to compare.</param>
    /// <exception cref="ArgumentException">A label or a fold is missing, or there are too few of them.</exception>
    public LabelComparison(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence>? test, LabelComparisonOptions options)
    {
        _options = options;
        RequireLabels(train, "train");
        if (options.Forms.FirstOrDefault(f => f.IsBounded) is { } bounded)
        {
            throw new ArgumentException($"{bounded.Name} bounds a trained model, and labels are compared as trained only. Leave it out.", nameof(options));
        }
        if (test is not null)
        {
            RequireLabels(test, "test");
            _splits = [(train, test)];
        }
        else
        {
            if (train.FirstOrDefault(s => s.Fold is null) is { } without)
            {
                throw new ArgumentException($"Without a test set folds take turns, and stream '{without.Id}' has no \"fold\". Write one into each line, "
                    + "or name streams to score with --test.", nameof(train));
            }
            int[] folds = [.. train.Select(s => s.Fold!.Value).Distinct().Order()];
            if (folds.Length < 2)
            {
                throw new ArgumentException("Without a test set folds take turns, and all streams are of one fold. Use two folds or more, or --test.", nameof(train));
            }
            _splits = [.. folds.Select(fold => ((IReadOnlyList<EventSequence>)[.. train.Where(s => s.Fold != fold)],
                (IReadOnlyList<EventSequence>)[.. train.Where(s => s.Fold == fold)]))];
        }
        Streams = _splits.Sum(s => s.Scored.Count);
        Longest = _splits.Max(s => s.Scored.Max(stream => stream.Times.Length));
        double mean = _splits.SelectMany(s => s.Scored).Average(s => s.Times.Length);
        _after = [.. new int?[] { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 }.Where(n => n < mean), null];
    }

    /// <summary>Streams that are scored.</summary>
    public int Streams { get; }

    /// <summary>Parts of the streams that take turns; 1 with a test set.</summary>
    public int Folds => _splits.Length;

    /// <summary>Events of the longest stream that is scored.</summary>
    public int Longest { get; }

    /// <summary>The rows, each as soon as it is done: the simple methods, then the forms.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IEnumerable<LabelRow> Run(IProgress<TrainingsProgress>? progress = null, CancellationToken cancellation = default)
    {
        yield return RowOf("frequencies", isSimple: true, [Score(Frequencies)], null);
        // It is fitted for each number of events by itself.
        yield return RowOf("logistic on summaries", isSimple: true,
            [[.. _after.Select(after => Score(train => Logistic(train, after), [after])[0])]], null);
        int done = 0, trainings = _options.Forms.Count * _options.Seeds * _splits.Length;
        foreach (ComparisonForm form in _options.Forms)
        {
            var scores = new List<LabelScore[]>();
            long bytes = 0;
            for (int seed = 1; seed <= _options.Seeds; seed++)
            {
                TrainingOptions training = _options.Training with
                {
                    Shape = _options.Training.Shape with { Mixer = form.Mixer, Decay = form.Decay },
                    Seed = seed,
                };
                scores.Add(Score(train =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    progress?.Report(new TrainingsProgress($"{form.Name}, seed {training.Seed}", done++, trainings));
                    // Sets of labelled streams are small: every one of them is learned from, and the recipe's number of passes ends it.
                    LabelModel model = LabelTrainer.Train(train, train, training, null, cancellation);
                    bytes = model.StateBytesAfter(Longest);
                    return (model.Labels, model.Predict);
                }));
            }
            yield return RowOf(form.Name, isSimple: false, scores, bytes);
        }
    }

    private static (IReadOnlyList<string> Labels, Func<EventSequence, double[][]> Predict) Logistic(IReadOnlyList<EventSequence> train,
        int? after)
    {
        var fitted = SummaryLogistic.Fit(train, after);
        return (fitted.Labels, fitted.Predict);
    }

    private static (IReadOnlyList<string> Labels, Func<EventSequence, double[][]> Predict) Frequencies(IReadOnlyList<EventSequence> train)
    {
        string[] labels = [.. train.Select(s => s.Label!).Distinct().Order(StringComparer.Ordinal)];
        double[] shares = [.. labels.Select(label => train.Count(s => s.Label == label) / (double)train.Count)];
        return (labels, sequence => [.. sequence.Times.Select(_ => shares)]);
    }

    private static LabelRow RowOf(string name, bool isSimple, IReadOnlyList<LabelScore[]> seeds, long? bytes) => new(name, isSimple,
        [.. seeds[0].Select((score, i) => new LabelEstimate(score.After, Estimate.Of([.. seeds.Select(s => s[i].Accuracy)]),
            Estimate.Of([.. seeds.Select(s => s[i].LogLoss)])))], bytes);

    private static void RequireLabels(IReadOnlyList<EventSequence> streams, string set)
    {
        if (streams.FirstOrDefault(s => s.Label is null) is { } without)
        {
            throw new ArgumentException($"Stream '{without.Id}' of {set} has no \"label\". Give each stream one, or leave it out.", nameof(streams));
        }
        if (streams.FirstOrDefault(s => s.Times.Length == 0) is { } empty)
        {
            throw new ArgumentException($"Stream '{empty.Id}' of {set} has no events. Leave it out.", nameof(streams));
        }
    }

    /// <summary>Scores a method over all splits together, each stream once.</summary>
    private LabelScore[] Score(
        Func<IReadOnlyList<EventSequence>, (IReadOnlyList<string> Labels, Func<EventSequence, double[][]> Predict)> fit,
        int?[]? afters = null)
    {
        var said = new List<(string Label, double[][] Said)>();
        string[] labels = [.. _splits.SelectMany(s => s.Train).Select(s => s.Label!).Distinct().Order(StringComparer.Ordinal)];
        foreach ((IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> scored) in _splits)
        {
            (IReadOnlyList<string> known, Func<EventSequence, double[][]> predict) = fit(train);
            // A fold may lack a kind that the others have: it is given no probability there.
            int[] places = [.. labels.Select(label => known.TakeWhile(l => l != label).Count())];
            said.AddRange(scored.Select(s => (s.Label!,
                predict(s).Select(p => places.Select(place => place < p.Length ? p[place] : 0).ToArray()).ToArray())));
        }
        return [.. (afters ?? _after).Select(after => LabelScore.Of(said, labels, after))];
    }
}
