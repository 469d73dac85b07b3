using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Activities;

/// <summary>What to compare, and how.</summary>
public sealed record ActivityComparisonOptions
{
    /// <summary>Forms that are trained; none that bounds another.</summary>
    public IReadOnlyList<ComparisonForm> Forms { get; init; } = [.. ComparisonForm.Default.Where(f => !f.IsBounded)];

    /// <summary>Trainings of each form, each with a seed of its own.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Shape and recipe of all trainings.</summary>
    public TrainingOptions Training { get; init; } = new();
}

/// <summary>Trains and scores every form on whole cases, beside simple methods: what comes next, whether the case is over, when the next
/// event comes, and when the last one does.</summary>
public sealed class ActivityComparison
{
    private const double SecondsPerDay = 86_400;

    private readonly IReadOnlyList<EventSequence> _train, _test;
    private readonly ActivityComparisonOptions _options;
    private readonly List<string> _activities;

    /// <param name="train">Whole cases with activities.</param>
    /// <param name="test">Cases that are scored.</param>
    /// <param name="options">What to compare.</param>
    /// <exception cref="ArgumentException">A case has no activities, or there are too many of them.</exception>
    public ActivityComparison(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> test, ActivityComparisonOptions options)
    {
        (_options, _train, _test) = (options, train, test);
        RequireActivities(train, "train");
        RequireActivities(test, "test");
        DataLimits.Check(test, "test");
        if (options.Forms.FirstOrDefault(f => f.IsBounded) is { } bounded)
        {
            throw new ArgumentException($"{bounded.Name} bounds a trained model, and activities are compared as trained only. Leave it out.", nameof(options));
        }
        // In the models' order.
        _activities = Vocabulary.Of(train, options.Training.MaxMarks, out FoldedMarks? folded);
        if (folded is not null)
        {
            throw new ArgumentException($"Train has {_activities.Count + folded.Marks - 1} activities, and {options.Training.MaxMarks} are told apart. Name rare ones alike, or raise --max-marks (up to {ModelLimits.Marks}).",
                nameof(train));
        }
        Longest = test.Max(s => s.Times.Length);
    }

    /// <summary>Activities that train has; the end of a case is one more.</summary>
    public IReadOnlyList<string> Activities => _activities;

    /// <summary>Cases that are scored.</summary>
    public int Cases => _test.Count;

    /// <summary>Their events: there is a forecast after each.</summary>
    public long Events => _test.Sum(s => (long)s.Times.Length);

    /// <summary>The forms read at which time of the day and of the week each event came: the cases do not all begin at one time, as they
    /// would if times were counted from there.</summary>
    public bool ReadsCalendar => ActivityTrainer.HasCalendar(_train);

    /// <summary>Events of the longest case that is scored.</summary>
    public int Longest { get; }

    /// <summary>The rows, each as soon as it is done: the simple methods, then the forms.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IEnumerable<ActivityRow> Run(IProgress<TrainingsProgress>? progress = null, CancellationToken cancellation = default)
    {
        foreach ((string name, Func<EventSequence, IReadOnlyList<ActivityForecast>> forecast) in SimpleActivities.Fit(_train, _activities))
        {
            yield return RowOf(name, isSimple: true, [[.. _test.Select(s => (s, forecast(s)))]], null);
        }
        int done = 0, trainings = _options.Forms.Count * _options.Seeds;
        foreach (ComparisonForm form in _options.Forms)
        {
            var said = new List<(EventSequence, IReadOnlyList<ActivityForecast>)[]>();
            long bytes = 0;
            for (int seed = 1; seed <= _options.Seeds; seed++)
            {
                progress?.Report(new TrainingsProgress($"{form.Name}, seed {seed}", done++, trainings));
                TrainingOptions training = _options.Training with
                {
                    Shape = _options.Training.Shape with { Mixer = form.Mixer, Decay = form.Decay },
                    Seed = seed,
                };
                ActivityModel model = ActivityTrainer.Train(_train, training, cancellation);
                bytes = model.StateBytesAfter(Longest);
                var of = new (EventSequence, IReadOnlyList<ActivityForecast>)[_test.Count];
                var parallel = new ParallelOptions { MaxDegreeOfParallelism = training.Threads, CancellationToken = cancellation };
                Parallel.For(0, of.Length, parallel, i => of[i] = (_test[i], model.Predict(_test[i])));
                said.Add(of);
            }
            yield return RowOf(form.Name, isSimple: false, said, bytes);
        }
    }

    private static void RequireActivities(IReadOnlyList<EventSequence> cases, string set)
    {
        if (cases.Count == 0)
        {
            throw new ArgumentException($"The {set} set has no cases. Give it some.", nameof(cases));
        }
        if (cases.FirstOrDefault(s => s.Times.Length == 0) is { } empty)
        {
            throw new ArgumentException($"Case '{empty.Id}' of {set} has no events. Leave it out.", nameof(cases));
        }
        if (cases.FirstOrDefault(s => s.Marks is null || s.Marks.Contains("")) is { } without)
        {
            throw new ArgumentException($"Case '{without.Id}' of {set} has events without a mark, and marks are the activities. Give each event one.",
                nameof(cases));
        }
    }

    private ActivityRow RowOf(string name, bool isSimple, IReadOnlyList<(EventSequence, IReadOnlyList<ActivityForecast>)[]> seeds,
        long? bytes)
    {
        double days = _options.Training.Shape.TimeUnitSeconds / SecondsPerDay;
        ActivityScore[] Scores(int from, int to) => [.. seeds.Select(said => ActivityScore.Of(said, _activities, days, from, to))];
        List<ActivityPoint> points = [];
        for (int from = 1; from <= Longest; from *= 2)
        {
            int to = Math.Min(2 * from - 1, Longest);
            points.Add(new ActivityPoint(from, to, ActivityEstimates.Of(Scores(from, to))));
        }
        ActivityScore[] all = Scores(1, Longest);
        return new ActivityRow(name, isSimple, ActivityEstimates.Of(all), points, all, bytes);
    }
}
