using Foretell.Models.Configuration;
using Foretell.Models.Horizons;
using Foretell.Models.Network;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>Trains and scores every form under the same budget, and goes on from what a folder already holds.</summary>
/// <remarks>
/// The budget of a form: one training a learning rate with the first seed, then one a further seed at the rate with the best dev score.
/// The test set decides nothing. Policies use the trainings of softmax.
/// </remarks>
public sealed class ComparisonRun
{
    /// <summary>What stands behind a form's name where its models adapt.</summary>
    public const string Adapting = " + adapting";

    private const int FirstSeed = 1;

    private readonly ComparisonData _data;
    private readonly ComparisonOptions _options;
    private readonly ComparisonFolder _folder;
    private readonly ComparisonClock _clock;
    private readonly TimeProvider _time;

    /// <summary>Opens the folder and finds out what is left to do.</summary>
    /// <param name="data">Training, dev and test sequences.</param>
    /// <param name="options">What to compare, and on which budget.</param>
    /// <param name="folder">Where everything that is finished is kept.</param>
    /// <param name="time">Clock by which trainings are timed; null for the system's.</param>
    /// <exception cref="ArgumentException">The options cannot be trained with, or marks are in train and not in another set.</exception>
    /// <exception cref="InvalidDataException">The folder belongs to a comparison of other data or settings.</exception>
    public ComparisonRun(ComparisonData data, ComparisonOptions options, string folder, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        if (options.Seeds < 1 || options.Rates.Count == 0 || options.Forms.Count == 0 || options.States.Count == 0)
        {
            throw new ArgumentException("A comparison needs at least one form, one number of states, one learning rate and one seed.",
                nameof(options));
        }
        DataLimits.Check(data.Train, "train");
        DataLimits.CheckShortestGap(data.Train);
        DataLimits.Check(data.Dev, "dev");
        DataLimits.Check(data.Test, "test");
        Trainer.RequireMarks(data.Train, data.Dev, "dev");
        Trainer.RequireMarks(data.Train, data.Test, "test");
        foreach (ComparisonForm form in options.Forms.Where(f => f.IsBounded))
        {
            foreach (int states in options.States.Select(s => s.Of(data.MeanTestLength)))
            {
                // What cannot be built is refused now, and not behind hours of training.
                (options.Training.Shape with { Mixer = form.MixerAt(states), States = states }).Validate();
            }
        }
        (_data, _options) = (data, options);
        Settings = new ComparisonSettings(1, TrainingRecipe.Version, options.Rates,
            options.Training with
            {
                Shape = options.Training.Shape with { Mixer = new ModelConfig().Mixer, Decay = true },
                LearningRate = options.Rates[0],
                Seed = FirstSeed,
                Threads = 1,
            },
            ComparisonData.Summarise(data.Train), ComparisonData.Summarise(data.Dev), ComparisonData.Summarise(data.Test));
        Horizons = options.Horizons ? HorizonComparison.Of(data, options.Training) : null;
        _folder = new ComparisonFolder(folder, Settings);
        // Rates and seeds of each form that is trained; which rate the later seeds take does not matter for their number.
        _clock = new ComparisonClock(
            [.. options.Forms.Select(f => f.Trained).Distinct().Select(f => (f.Name, options.Rates.Count + options.Seeds - 1))]);
    }

    /// <summary>Data and settings as the folder keeps them.</summary>
    public ComparisonSettings Settings { get; }

    /// <summary>How whole horizons are compared; null where they are not.</summary>
    public HorizonComparison? Horizons { get; }

    /// <summary>The rows, each as soon as it is done: the simple methods, then the forms.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; what is finished is in the folder.</exception>
    /// <exception cref="TrainingDivergedException">A form could be trained at no rate, or not with one of its seeds.</exception>
    public IEnumerable<ComparisonRow> Run(IProgress<ComparisonProgress>? progress = null, CancellationToken cancellation = default)
    {
        foreach (ScoreRecord score in SimpleMethods.Score(_data, _options.Training))
        {
            yield return new ComparisonRow(score.Form, [score], [], []);
        }
        foreach (ComparisonForm form in _options.Forms)
        {
            List<TrainingRecord> grid = [.. _options.Rates.Select(rate => Train(form.Trained, rate, FirstSeed, progress, cancellation))];
            TrainingRecord best = grid.MinBy(t => t.DevNll ?? double.PositiveInfinity)!;
            ThrowIfDiverged(best);
            List<TrainingRecord> chosen = [best];
            for (int seed = FirstSeed + 1; seed < FirstSeed + _options.Seeds; seed++)
            {
                chosen.Add(Train(form.Trained, best.Rate, seed, progress, cancellation));
                ThrowIfDiverged(chosen[^1]);
            }
            foreach (int states in form.IsBounded ? _options.States.Select(s => s.Of(_data.MeanTestLength)).Distinct() : [0])
            {
                foreach (bool adapts in _options.Adapt ? new[] { false, true } : [false])
                {
                    var scored = new Scored(form, states, adapts);
                    yield return new ComparisonRow(scored.Name,
                        [.. chosen.Select(training => Score(scored, training, progress, cancellation))], grid, chosen)
                    {
                        Horizons = Horizons is null ? []
                            : [.. chosen.Select(training => ScoreHorizons(scored, training, progress, cancellation))],
                    };
                }
            }
        }
    }

    private static void ThrowIfDiverged(TrainingRecord training)
    {
        if (training.DevNll is null)
        {
            throw new TrainingDivergedException(FormattableString.Invariant(
                $"The training of {training.Form} with seed {training.Seed} diverged at learning rate {training.Rate}. Check the data for extreme times, or name the other forms with --mixers."));
        }
    }

    private TrainingRecord Train(ComparisonForm form, double rate, int seed, IProgress<ComparisonProgress>? progress,
        CancellationToken cancellation)
    {
        if (_folder.FindTraining(form, rate, seed) is { } finished)
        {
            _clock.Finish(finished);
            return finished;
        }
        string what = FormattableString.Invariant($"{form.Name}, rate {rate}, seed {seed}");
        long started = _time.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        void Report(TrainingProgress? at) =>
            progress?.Report(_clock.During(form.Name, what, at, _time.GetElapsedTime(started)));

        cancellation.ThrowIfCancellationRequested();
        Report(null);
        TrainingOptions options = _options.Training with
        {
            Shape = _options.Training.Shape with { Mixer = form.Mixer, Decay = form.Decay },
            LearningRate = rate,
            Seed = seed,
        };
        TrainingResult? result = null;
        try
        {
            result = Trainer.Train(_data.Train, _data.Dev, options, new Relay(Report), cancellation);
        }
        catch (TrainingDivergedException)
        {
            // A rate that is too high for a form is a finding of the grid.
        }
        var training = new TrainingRecord(form.Name, rate, seed, result?.DevNll, result?.BestEpoch ?? 0, result?.Steps ?? 0,
            _time.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        _folder.Keep(training, result?.Model);
        _clock.Finish(training);
        return training;
    }

    private ScoreRecord Score(Scored scored, TrainingRecord training, IProgress<ComparisonProgress>? progress,
        CancellationToken cancellation)
    {
        if (_folder.FindScore(scored.FileName, scored.States, training.Seed) is { } finished)
        {
            return finished;
        }
        cancellation.ThrowIfCancellationRequested();
        progress?.Report(_clock.Scoring($"{scored.Name}, seed {training.Seed}"));
        ForecastModel model = Load(scored, training);
        Evaluation scores = Evaluator.Evaluate(model, _data.Test, _options.Training.Threads);
        bool isMarked = model.Config.Marks.Count > 0;
        var score = new ScoreRecord
        {
            Form = scored.FileName,
            Mixer = model.Config.Mixer,
            States = scored.States,
            Seed = training.Seed,
            ModelId = model.Id,
            Events = scores.Events,
            Nll = scores.Nll,
            NllTime = scores.NllTime,
            NllMark = isMarked ? scores.NllMark : null,
            Accuracy = isMarked ? scores.Accuracy : null,
            OpenEnds = scores.OpenEnds,
            NllOpenEnd = scores.NllOpenEnd,
            PitKs = scores.PitKs,
            Errors = scores.Errors,
            Parameters = model.ParameterCount,
            Bytes = StateSize.Of(model.StateBytesAfter),
            EventsPerSecond = training.Seed == FirstSeed ? StepSpeed.Measure(model, _options.TimingRound) : null,
            Pit = scores.Pit,
            BySeen = scores.BySeen,
        };
        _folder.Keep(score);
        return score;
    }

    private HorizonScore ScoreHorizons(Scored scored, TrainingRecord training, IProgress<ComparisonProgress>? progress,
        CancellationToken cancellation)
    {
        if (_folder.FindHorizons(scored.FileName, scored.States, training.Seed) is { } finished)
        {
            return finished;
        }
        cancellation.ThrowIfCancellationRequested();
        progress?.Report(_clock.Scoring($"{scored.Name}, seed {training.Seed}, whole horizons"));
        // The methods that count have found events on the same moments, so there is a score.
        HorizonScore score = HorizonScorer.Run(Load(scored, training), _data.Test, Horizons!.Setting,
            threads: _options.Training.Threads, cancellation: cancellation)!;
        _folder.Keep(scored.FileName, scored.States, training.Seed, score);
        return score;
    }

    private ForecastModel Load(Scored scored, TrainingRecord training)
    {
        ForecastModel model = _folder.LoadModel(training);
        model = scored.Form.IsBounded ? model.WithMixer(scored.Form.MixerAt(scored.States), scored.States) : model;
        return scored.Adapts ? model.WithAdaptation(true) : model;
    }

    /// <summary>One way to score a form's trained models: a row.</summary>
    private sealed record Scored(ComparisonForm Form, int States, bool Adapts)
    {
        public string Name => (Form.IsBounded ? $"{Form.Name} {States}" : Form.Name) + (Adapts ? Adapting : "");

        public string FileName => Form.Name + (Adapts ? "-adapting" : "");
    }

    /// <summary>Reports on the caller's thread and in order, which <see cref="Progress{T}"/> does not promise.</summary>
    private sealed class Relay(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
