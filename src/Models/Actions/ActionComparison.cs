using Foretell.Models.Comparison;
using Foretell.Models.Control;
using Foretell.Models.Training;

namespace Foretell.Models.Actions;

/// <summary>What to compare, and how.</summary>
public sealed record ActionComparisonOptions
{
    /// <summary>Episodes of each log, unless told otherwise.</summary>
    public const int DefaultEpisodes = 200;

    /// <summary>Forms that are trained; none that bounds another.</summary>
    public IReadOnlyList<ComparisonForm> Forms { get; init; } =
        [.. new[] { "aaren", "aaren-plain", "linear", "softmax" }.Select(ComparisonForm.Parse)];

    /// <summary>Trainings of each form on each log, each with a seed of its own.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Episodes of each log.</summary>
    public int Episodes { get; init; } = DefaultEpisodes;

    /// <summary>Shape and recipe of all trainings.</summary>
    public TrainingOptions Training { get; init; } = new();
}

/// <summary>Score on one task after learning from one log.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="Quality">Name of the log's quality.</param>
/// <param name="Score">Mean return of the played episodes: 0 is that of random actions, 100 that of the skilled controller.</param>
/// <param name="PerSeed">The same of each seed.</param>
public sealed record ActionCell(string Task, string Quality, Estimate Score, IReadOnlyList<double> PerSeed);

/// <summary>One row: a form over its seeds, or a simple method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSimple">It is a simple method.</param>
/// <param name="Cells">One a task and quality.</param>
/// <param name="BytesPerStream">Bytes of an episode's row at the end of the longest; null for simple methods.</param>
/// <param name="TrainedSeconds">Processor time of one training, mean; null for simple methods.</param>
/// <param name="PlayedSeconds">Processor time of all played episodes of one model, mean; null for simple methods.</param>
public sealed record ActionRow(string Name, bool IsSimple, IReadOnlyList<ActionCell> Cells, long? BytesPerStream, double? TrainedSeconds,
    double? PlayedSeconds);

/// <summary>Trains every form on logs of the control tasks, plays the tasks by it, and does the same by simple methods.</summary>
/// <remarks>Scores as those of Fu et al., "D4RL", 2020.</remarks>
public sealed class ActionComparison
{
    /// <summary>Episodes that are played by each model.</summary>
    public const int Played = ActionStreams.Most;

    /// <summary>Of a log's episodes so many count as its best ones: their mean return is what models hope for.</summary>
    private const int BestShare = 10;

    private static readonly long[] s_seeds = ControlLog.PlaySeeds(Played);

    private readonly ActionComparisonOptions _options;
    private readonly Setting[] _settings;

    /// <param name="options">What to compare.</param>
    /// <exception cref="ArgumentException">A form is not trained, or there are too few episodes.</exception>
    public ActionComparison(ActionComparisonOptions options)
    {
        _options = options;
        if (options.Forms.FirstOrDefault(f => f.IsBounded) is { } bounded)
        {
            throw new ArgumentException($"{bounded.Name} bounds a trained model, and actions are compared as trained only. Leave it out.", nameof(options));
        }
        if (options.Episodes < BestShare)
        {
            throw new ArgumentException($"A log needs {BestShare} episodes or more, got {options.Episodes}.", nameof(options));
        }
        _settings = [.. ControlTask.All.SelectMany(make => LogQuality.All.Select(quality => SettingOf(make, quality, options.Episodes)))];
    }

    /// <summary>The rows, each as soon as it is done: the simple methods, then the forms, each again with every further seed.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IEnumerable<ActionRow> Run(IProgress<TrainingsProgress>? progress = null, CancellationToken cancellation = default)
    {
        yield return Simple("logged", s => s.Log.Average(e => e.Return));
        yield return Simple("cloning", s => PlayClone(s, s.Log));
        yield return Simple("cloning the best tenth", s => PlayClone(s, s.Best));
        yield return Simple("skilled controller", s => s.Skilled);
        int done = 0, trainings = _options.Forms.Count * _settings.Length * _options.Seeds;
        foreach (ComparisonForm form in _options.Forms)
        {
            var trials = new List<(Setting Setting, Trial Trial)>();
            for (int seed = 1; seed <= _options.Seeds; seed++)
            {
                foreach (Setting setting in _settings)
                {
                    cancellation.ThrowIfCancellationRequested();
                    progress?.Report(new TrainingsProgress($"{form.Name}, {setting.Task}, {setting.Quality}, seed {seed}", done++, trainings));
                    trials.Add((setting, Try(form, setting, seed, cancellation)));
                }
                yield return new ActionRow(form.Name, IsSimple: false,
                    [.. trials.GroupBy(t => t.Setting, t => t.Trial.Score).Select(scores => CellOf(scores.Key, [.. scores]))],
                    trials.Max(t => t.Trial.Bytes), trials.Average(t => t.Trial.Trained), trials.Average(t => t.Trial.Played));
            }
        }
    }

    /// <summary>Trains once, and plays.</summary>
    private Trial Try(ComparisonForm form, Setting setting, int seed, CancellationToken cancellation)
    {
        TrainingOptions training = _options.Training with
        {
            Shape = _options.Training.Shape with { Mixer = form.Mixer, Decay = form.Decay },
            Seed = seed,
        };
        TimeSpan start = Environment.CpuUsage.TotalTime;
        ActionModel model = ActionTrainer.Train(setting.Log, setting.Actions, training, null, cancellation);
        TimeSpan trained = Environment.CpuUsage.TotalTime;
        double[] returns = ActionPlay.Returns(model, setting.Make, s_seeds, setting.Best.Average(e => e.Return));
        TimeSpan played = Environment.CpuUsage.TotalTime;
        return new Trial(setting.Score(returns.Average()), (trained - start).TotalSeconds, (played - trained).TotalSeconds,
            model.StateBytesAfter(ControlTask.Horizon));
    }

    private static Setting SettingOf(Func<ControlTask> make, LogQuality quality, int episodes)
    {
        ControlTask task = make();
        ControlEpisode[] log = ControlLog.Of(task, quality, episodes);
        (double skilled, double random) = ControlLog.Marks(task, s_seeds);
        return new Setting(make, task.Name, quality.Name, task.Actions, log,
            [.. log.OrderByDescending(e => e.Return).Take(episodes / BestShare)], skilled, random);
    }

    private ActionRow Simple(string name, Func<Setting, double> play) =>
        new(name, IsSimple: true, [.. _settings.Select(s => CellOf(s, [s.Score(play(s))]))], null, null, null);

    private static double PlayClone(Setting setting, IReadOnlyList<ControlEpisode> from)
    {
        var clone = ActionCloning.Fit(from, setting.Actions);
        ControlTask task = setting.Make();
        return s_seeds.Average(seed => ControlEpisode.Play(task, seed, clone.Act).Return);
    }

    private static ActionCell CellOf(Setting setting, IReadOnlyList<double> scores) =>
        new(setting.Task, setting.Quality, Estimate.Of(scores), scores);

    /// <summary>What came of one training; times in seconds.</summary>
    private sealed record Trial(double Score, double Trained, double Played, long Bytes);

    /// <summary>A log to learn from, and what its task's returns are measured by.</summary>
    private sealed record Setting(Func<ControlTask> Make, string Task, string Quality, int Actions, IReadOnlyList<ControlEpisode> Log,
        IReadOnlyList<ControlEpisode> Best, double Skilled, double Random)
    {
        public double Score(double @return) => 100 * (@return - Random) / (Skilled - Random);
    }
}
