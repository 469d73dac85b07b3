using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.Horizons;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Comparison;

/// <summary>A comparison of small forms on small data, in a folder that goes with the test.</summary>
public sealed class ComparisonTests : IDisposable
{
    private const long TrainSeed = 100, DevSeed = 200, TestSeed = 300;

    private static readonly ComparisonData s_data = new(Sequences(24, TrainSeed), Sequences(8, DevSeed), Sequences(8, TestSeed));

    private static readonly ComparisonOptions s_options = new()
    {
        Forms = [.. new[] { "aaren", "softmax", "tova" }.Select(ComparisonForm.Parse)],
        Seeds = 2,
        Rates = [1e-3, 1e-2],
        TimingRound = TimeSpan.FromMilliseconds(1),
        Training = new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 2, Threads = 2 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("foretell-comparison-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Run_WhenStoppedAndRepeated_GivesTheSameTableWithoutTrainingTwice()
    {
        List<ComparisonRow> whole = Run(Path.Combine(_folder, "whole"));

        string stopped = Path.Combine(_folder, "stopped");
        using var cancel = new CancellationTokenSource();
        // The fourth training is under way when the signal comes.
        var stop = new Watch(at =>
        {
            if (at.Finished == 3 && at.Training is not null)
            {
                cancel.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(() => Run(stopped, progress: stop, cancellation: cancel.Token));
        Dictionary<string, byte[]> before = Files(stopped);
        Assert.Equal(3, before.Keys.Count(f => f.Contains("-rate") && f.EndsWith(".json")));

        var watch = new Watch(_ => { });
        List<ComparisonRow> resumed = Run(stopped, progress: watch);

        Assert.Equal(whole.Select(Scores), resumed.Select(Scores));
        Assert.Equal(whole.SelectMany(r => r.Chosen).Select(t => (t.Form, t.Rate, t.Seed, t.DevNll)), resumed.SelectMany(r => r.Chosen)
            .Select(t => (t.Form, t.Rate, t.Seed, t.DevNll)));
        Dictionary<string, byte[]> after = Files(stopped);
        Assert.All(before, f => Assert.Equal(f.Value, after[f.Key]));
        // Two forms of three trainings each; tova has none of its own.
        Assert.Equal(6, after.Keys.Count(f => f.EndsWith(".safetensors")));
        Assert.Equal(3, watch.Seen.Where(p => p.Training is null && !p.IsScoring).Select(p => p.What).Distinct().Count());

        var idle = new Watch(_ => { });
        Run(stopped, progress: idle);
        Assert.Empty(idle.Seen);
    }

    [Fact]
    public void Run_WhenAPolicyCannotKeepSoFewEvents_IsRefusedBeforeAnyTraining()
    {
        var e = Assert.Throws<ArgumentException>(() =>
            Run(_folder, s_options with { Forms = [ComparisonForm.Parse("window+4")], States = [new(4)] }));
        Assert.Contains("window+4", e.Message);
        Assert.Empty(Files(_folder));
        // One state leaves window+i nothing but the latest.
        Assert.Equal("window+i 1",
            Run(_folder, s_options with { Forms = [ComparisonForm.Parse("window+i")], States = [new(1)], Seeds = 1, Rates = [1e-3] })[^1]
            .Name);
    }

    [Fact]
    public void Run_WhenRatesDiffer_TakesTheOneBestOnDevAndTheModelThatTrainingGives()
    {
        ComparisonRow row = Run(_folder, s_options with { Forms = [ComparisonForm.Parse("aaren-plain")] })
            .Single(r => r.Name == "aaren-plain");

        TrainingResult[] direct = [.. s_options.Rates.Select(rate => Trainer.Train(s_data.Train, s_data.Dev, s_options.Training with
        {
            Shape = s_options.Training.Shape with { Decay = false },
            LearningRate = rate,
        }))];
        Assert.Equal(direct.Select(r => (double?)r.DevNll), row.Grid.Select(t => t.DevNll));
        int best = direct[0].DevNll < direct[1].DevNll ? 0 : 1;
        Assert.Equal(s_options.Rates[best], row.Rate);
        Assert.True(row.IsRateAtEdge);
        Assert.Equal([1, 2], row.Chosen.Select(t => t.Seed));
        Assert.All(row.Chosen, t => Assert.Equal(s_options.Rates[best], t.Rate));

        Evaluation scores = Evaluator.Evaluate(direct[best].Model, s_data.Test);
        Assert.Equal((direct[best].Model.Id, scores.Nll, scores.PitKs), (row.First.ModelId, row.First.Nll, row.First.PitKs));
        Assert.True(row.First.EventsPerSecond > 0 && row.TrainingSeconds > 0);
    }

    [Fact]
    public void Run_WhenAPolicyKeepsEverything_ScoresAsSoftmaxDoes()
    {
        List<ComparisonRow> rows =
            Run(_folder,
            s_options with { Forms = [.. new[] { "softmax", "tova", "window+i" }.Select(ComparisonForm.Parse)],
            States = [new(1, 8), new(64)] });

        double mean = s_data.Test.Average(s => s.Times.Length);
        int share = (int)Math.Round(mean / 8);
        Assert.Equal(["exponential", "log-normals", "running", "softmax", $"tova {share}", "tova 64", $"window+i {share}", "window+i 64"],
            rows.Select(r => r.Name));
        ComparisonRow softmax = rows.Single(r => r.Name == "softmax");
        Assert.All(rows.Where(r => r.Name.EndsWith(" 64")), r => Assert.Equal(softmax.Nll.Mean, r.Nll.Mean, 1e-5));
        Assert.NotEqual(softmax.Nll.Mean, rows.Single(r => r.Name == $"tova {share}").Nll.Mean, 1e-6);
        Assert.Equal("window+4", rows[^1].First.Mixer);
        Assert.Equal(softmax.Chosen, rows[^1].Chosen);
        Assert.True(softmax.First.Bytes.After10000 > 5 * softmax.First.Bytes.After1000);
        Assert.Equal(rows[^1].First.Bytes.After100, rows[^1].First.Bytes.After10000);
    }

    [Fact]
    public void Run_WhenOpenEndsCount_ScoresThemAsTheEvaluatorDoesAndLeavesTheRestAsItIs()
    {
        ComparisonData watched = new(Watched(s_data.Train), Watched(s_data.Dev), Watched(s_data.Test));
        ComparisonOptions censored = Censored(s_options) with { Forms = [.. new[] { "aaren", "tova" }.Select(ComparisonForm.Parse)] };
        List<ComparisonRow> rows = [.. new ComparisonRun(watched, censored, _folder).Run()];

        Assert.All(rows, row => Assert.All(row.Scores, s => Assert.Equal(watched.Test.Count, s.OpenEnds)));
        ComparisonRow aaren = rows.Single(r => r.Name == "aaren"), tova = rows[^1];
        TrainingResult direct = Trainer.Train(watched.Train, watched.Dev, censored.Training with { LearningRate = aaren.Rate!.Value });
        Evaluation scores = Evaluator.Evaluate(direct.Model, watched.Test);
        Assert.Equal((direct.Model.Id, scores.Nll, scores.NllOpenEnd), (aaren.First.ModelId, aaren.First.Nll, aaren.First.NllOpenEnd));
        Assert.True(aaren.NllOpenEnd!.Value.StandardError > 0);
        Assert.True(double.IsFinite(tova.NllOpenEnd!.Value.Mean) && tova.NllOpenEnd != aaren.NllOpenEnd);

        // The simple methods' other scores are those on the same events without open ends.
        ScoreRecord[] before = [.. SimpleMethods.Score(s_data, s_options.Training).Where(s => s.Form != "running")];
        Assert.Equal(before.Select(s => (s.Form, s.Nll, s.PitKs)), rows.Take(2).Select(r => (r.First.Form, r.First.Nll, r.First.PitKs)));
        Assert.All(before, s => Assert.Null(s.NllOpenEnd));

        // What is finished is found again with its open ends.
        var idle = new Watch(_ => { });
        Assert.Equal(rows.Select(r => r.NllOpenEnd), new ComparisonRun(watched, censored, _folder).Run(idle).Select(r => r.NllOpenEnd));
        Assert.Empty(idle.Seen);
    }

    [Fact]
    public void Run_WhenHorizonsAreAskedForLater_ScoresThemWithoutTraining()
    {
        List<ComparisonRow> before = Run(_folder);
        var watch = new Watch(_ => { });
        var comparison = new ComparisonRun(s_data, s_options with { Horizons = true }, _folder);
        List<ComparisonRow> rows = [.. comparison.Run(watch)];

        Assert.All(watch.Seen, p => Assert.True(p.IsScoring && p.What.EndsWith(", whole horizons")));
        Assert.Equal(before.Select(Scores), rows.Select(Scores));
        Assert.All(before, row => Assert.Empty(row.Horizons));
        HorizonComparison horizons = comparison.Horizons!;
        Assert.All(rows, row => Assert.Equal(row.Chosen.Count, row.Horizons.Count));
        Assert.All(rows.SelectMany(r => r.Horizons), score =>
            Assert.Equal((horizons.HistoryDensity.Horizons, horizons.MostPopular.Events), (score.Horizons, score.Events)));
        ComparisonRow softmax = rows.Single(r => r.Name == "softmax"), tova = rows[^1];
        ForecastModel model = ForecastModel.Load(Directory.EnumerateFiles(Path.Combine(_folder, "trainings"),
            FormattableString.Invariant($"softmax-rate{softmax.Rate}-seed1-*.safetensors")).Single());
        Assert.Equal(HorizonScorer.Run(model, s_data.Test, horizons.Setting), softmax.Horizons[0]);
        Assert.NotEqual(softmax.Horizons[0], tova.Horizons[0]);

        // What is finished is found again.
        var idle = new Watch(_ => { });
        Assert.Equal(rows.SelectMany(r => r.Horizons), new ComparisonRun(s_data, s_options with { Horizons = true }, _folder).Run(idle)
            .SelectMany(r => r.Horizons));
        Assert.Empty(idle.Seen);
    }

    [Fact]
    public void Run_WhenFormsAdapt_HasASecondRowOfTheSameTrainings()
    {
        ComparisonOptions options = s_options with { Adapt = true, Seeds = 1 };
        List<ComparisonRow> rows = [.. new ComparisonRun(s_data, options, _folder).Run()];

        Assert.Equal(["aaren", "aaren + adapting", "softmax", "softmax + adapting"], rows.Skip(3).Take(4).Select(r => r.Name));
        Assert.EndsWith(" + adapting", rows[^1].Name);
        (ComparisonRow trained, ComparisonRow adapting) = (rows[3], rows[4]);
        Assert.Equal(trained.Chosen, adapting.Chosen);
        ForecastModel model = ForecastModel.Load(Directory.EnumerateFiles(Path.Combine(_folder, "trainings"),
            FormattableString.Invariant($"aaren-rate{trained.Rate}-seed1-*.safetensors")).Single());
        Evaluation scores = Evaluator.Evaluate(model.WithAdaptation(true), s_data.Test);
        Assert.Equal((scores.Nll, scores.AsTrained!.NllTime), (adapting.First.Nll, trained.First.NllTime));
        Assert.NotEqual(trained.First.Nll, adapting.First.Nll);
        Assert.True(adapting.First.Bytes.After100 > trained.First.Bytes.After100);

        // The rows as trained are those of a comparison without adaptation, and all are found again.
        var idle = new Watch(_ => { });
        List<ComparisonRow> plain = Run(_folder, options with { Adapt = false }, idle);
        Assert.Equal(rows.Where(r => !r.Name.EndsWith(ComparisonRun.Adapting)).Select(Scores), plain.Select(Scores));
        Assert.Equal(rows.Select(Scores), Run(_folder, options, idle).Select(Scores));
        Assert.Empty(idle.Seen);
    }

    [Fact]
    public void Comparison_WhenTestStreamsAreTooShortForHorizons_IsRefusedBeforeAnyTraining()
    {
        ComparisonData cut = s_data with { Test = [.. s_data.Test.Select(s => s with { Times = s.Times[..4], Marks = s.Marks![..4] })] };
        ComparisonOptions options = s_options with { Horizons = true };
        string message = Assert.Throws<ArgumentException>(() => new ComparisonRun(cut, options, _folder)).Message;

        Assert.Contains("five mean gaps of train", message);
        Assert.Empty(Files(_folder));
    }

    [Fact]
    public void Run_WhenNoEventHasAMark_ScoresTimesAlone()
    {
        ComparisonData plain = new(Unmarked(s_data.Train), Unmarked(s_data.Dev), Unmarked(s_data.Test));
        List<ComparisonRow> rows = [.. new ComparisonRun(plain, s_options with { Seeds = 1 }, _folder).Run()];

        Assert.All(rows, row => Assert.Equal((null, null, row.NllTime), (row.NllMark, row.Accuracy, row.Nll)));
    }

    [Fact]
    public void Comparison_WhenOnlyTrainHasMarks_NamesTheSetWithout()
    {
        Assert.Contains("those of dev have none", Refusal(s_data with { Dev = Unmarked(s_data.Dev) }));
        Assert.Contains("those of test have none", Refusal(s_data with { Test = Unmarked(s_data.Test) }));

        string Refusal(ComparisonData data) => Assert.Throws<ArgumentException>(() => new ComparisonRun(data, s_options, _folder)).Message;
    }

    [Fact]
    public void Run_WhenSeedsAreAdded_ReusesWhatIsFinished()
    {
        ComparisonOptions aaren = s_options with { Forms = [ComparisonForm.Parse("aaren")] };
        ComparisonRow one = Run(_folder, aaren with { Seeds = 1 })[^1];
        Assert.Null(one.Nll.StandardError);
        var watch = new Watch(_ => { });
        ComparisonRow two = Run(_folder, aaren, progress: watch)[^1];

        Assert.Equal(Scores(one).First(), Scores(two).First());
        Assert.Equal([$"aaren, rate {two.Rate}, seed 2"], watch.Seen.Where(p => p.Training is null && !p.IsScoring).Select(p => p.What));
        Assert.Equal(2, two.Scores.Count);
        Assert.NotEqual(two.Scores[0].Nll, two.Scores[1].Nll);
    }

    [Fact]
    public void Scores_WhenAdded_CountEveryEventOnce()
    {
        long events = s_data.Test.Sum(s => s.Times.Length - 1L);
        Assert.All(Run(_folder), row =>
        {
            Assert.All(row.Scores, score =>
            {
                Assert.Equal(events, score.Events);
                Assert.Equal(events, score.Pit.Sum());
                Assert.Equal(events, score.BySeen.Sum(b => b.Events));
                Assert.Equal(score.NllTime, score.BySeen.Sum(b => b.Events * b.NllTime) / events, 1e-9);
                Assert.Equal(score.NllMark!.Value, score.BySeen.Sum(b => b.Events * b.NllMark) / events, 1e-9);
                Assert.Equal(score.Nll, score.NllTime + score.NllMark.Value, 1e-9);
                Assert.Equal(s_data.Test.Count, score.BySeen[0].Events);
            });
            Assert.Equal((0, 1), (row.PitShares[0], Math.Round(row.PitShares[^1], 12)));
        });
    }

    [Fact]
    public void Folder_WhenItHoldsAnotherComparison_IsRefusedByName()
    {
        ComparisonOptions aaren = s_options with { Forms = [ComparisonForm.Parse("aaren")], Seeds = 1 };
        Run(_folder, aaren);

        ComparisonData moved =
            s_data with { Test = [.. s_data.Test.Select((s, i) => i > 0 ? s : s with { Times = [.. s.Times[..^1], s.Times[^1] + 1e-9] })] };
        Assert.Contains("other data: test.sha256", Refusal(moved, aaren));
        Assert.Contains("other settings: training.epochs was 2 and is 3",
            Refusal(s_data, aaren with { Training = aaren.Training with { Epochs = 3 } }));
        Assert.Contains("other settings: training.shape.censored was not set and is true",
            Refusal(s_data with { Train = Watched(s_data.Train) }, Censored(aaren)));
        Assert.Contains("other settings: rates", Refusal(s_data, aaren with { Rates = [1e-3] }));
        Assert.Contains("other settings: training.shape.width was 16 and is 32",
            Refusal(s_data, aaren with { Training = aaren.Training with { Shape = aaren.Training.Shape with { Width = 32 } } }));
        // Rows, seeds and threads may change.
        Assert.NotNull(
            new ComparisonRun(s_data, s_options with { Seeds = 7, Training = s_options.Training with { Threads = 1 } }, _folder));

        string Refusal(ComparisonData data, ComparisonOptions options) =>
            Assert.Throws<InvalidDataException>(() => new ComparisonRun(data, options, _folder)).Message;
    }

    [Fact]
    public void Folder_WhenASettingIsNewerThanIt_TakesItsDefault()
    {
        ComparisonOptions options = s_options with { Rates = [TrainingOptions.DefaultLearningRate] };
        _ = new ComparisonRun(s_data, options, _folder);
        string file = Path.Combine(_folder, "settings.json");
        string older =
            string.Join('\n', File.ReadLines(file).Where(line => !line.Contains("\"learningRate\"") && !line.Contains("\"components\"")));
        Assert.Equal(File.ReadLines(file).Count() - 2, older.Split('\n').Length);
        File.WriteAllText(file, older);

        _ = new ComparisonRun(s_data, options, _folder);
        ModelConfig wider = options.Training.Shape with { Components = 32 };
        Assert.Contains("training.shape.components was 16 and is 32", Assert.Throws<InvalidDataException>(
            () => new ComparisonRun(s_data, options with { Training = options.Training with { Shape = wider } }, _folder)).Message);
    }

    [Fact]
    public void Folder_WhenAFileIsDamaged_NamesIt()
    {
        ComparisonOptions aaren = s_options with { Forms = [ComparisonForm.Parse("aaren")], Seeds = 1 };
        Run(_folder, aaren);
        string file = Directory.EnumerateFiles(Path.Combine(_folder, "scores")).Single();
        File.WriteAllText(file, "{");

        string message = Assert.Throws<InvalidDataException>(() => Run(_folder, aaren)).Message;
        Assert.Contains(file, message);
        Assert.Contains("Delete it", message);
        File.Delete(file);
        Assert.Equal(4, Run(_folder, aaren).Count);
    }

    private static List<ComparisonRow> Run(string folder, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellation = default) =>
        [.. new ComparisonRun(s_data, options ?? s_options, folder).Run(progress, cancellation)];

    private static IEnumerable<(string, int, int, double, double, double?, double, string?)> Scores(ComparisonRow row) =>
        [.. row.Scores.Select(s => (s.Form, s.States, s.Seed, s.Nll, s.NllTime, s.NllMark, s.PitKs, s.ModelId))];

    private static Dictionary<string, byte[]> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllBytes);

    private static ComparisonOptions Censored(ComparisonOptions options) =>
        options with { Training = options.Training with { Shape = options.Training.Shape with { Censored = true } } };

    private static List<EventSequence> Watched(IReadOnlyList<EventSequence> sequences)
    {
        double until = sequences.Max(s => s.Times[^1]);
        return [.. sequences.Select(s => s with { Until = until })];
    }

    private static List<EventSequence> Unmarked(IReadOnlyList<EventSequence> sequences) =>
        [.. sequences.Select(s => s with { Marks = null })];

    private static List<EventSequence> Sequences(int count, long seed) =>
        [.. Enumerable.Range(0, count).Select(i => TestModels.History(20 + 3 * i % 40, seed: (int)seed + i))];

    private sealed class Watch(Action<ComparisonProgress> seen) : IProgress<ComparisonProgress>
    {
        public List<ComparisonProgress> Seen { get; } = [];

        public void Report(ComparisonProgress value)
        {
            Seen.Add(value);
            seen(value);
        }
    }
}
