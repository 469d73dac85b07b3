using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

public class TrainerTests
{
    [Fact]
    public void Train_WhenThreadsDiffer_GivesTheSameWeights()
    {
        var results = new[] { 1, 2, 3 }.Select(threads => Train(threads, seed: 1)).ToArray();
        Assert.Equal(results[0].Model.Id, results[1].Model.Id);
        Assert.Equal(results[0].Model.Id, results[2].Model.Id);
        Assert.NotEqual(results[0].Model.Id, Train(2, seed: 2).Model.Id);
    }

    [Fact]
    public void Train_WhenTheLearningRateIsGiven_LearnsAtIt()
    {
        string standard = Train(2, seed: 1).Model.Id;
        Assert.Equal(standard, Train(2, seed: 1, rate: TrainingOptions.DefaultLearningRate).Model.Id);
        Assert.NotEqual(standard, Train(2, seed: 1, rate: TrainingOptions.DefaultLearningRate / 2).Model.Id);
        Assert.All(new[] { 0, -1, 2, double.NaN }, rate =>
            Assert.Contains("learning rate must be above 0", Assert.Throws<ArgumentException>(() => Train(2, seed: 1, rate)).Message));
    }

    [Fact]
    public void Train_LearnsWhatTheHistoryTells()
    {
        // Gaps alternate between short and long, and the mark tells which comes next: history is worth more than a nat.
        List<EventSequence> train = Alternating(80, 0), dev = Alternating(20, 1000);
        TrainingResult result =
            Trainer.Train(train, dev, new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 20 });
        Evaluation score = Evaluator.Evaluate(result.Model, dev);
        Assert.Equal(result.DevNll, score.Nll, 1e-6);
        Assert.True(score.NllTime < score.Baselines["logNormalMixture"].NllTime!.Value - 0.5,
            $"{score.NllTime} against {score.Baselines["logNormalMixture"].NllTime}");
        Assert.True(score.Accuracy > 0.99);
        Assert.True(score.NllMark < 0.1);
    }

    [Fact]
    public void Train_WhenDataCannotBeLearnedFrom_SaysWhy()
    {
        List<EventSequence> good = Alternating(4, 0);
        Assert.Contains("two events",
            Assert.Throws<ArgumentException>(() => Trainer.Train([new EventSequence("a", [1], null)], good, new())).Message);
        Assert.Contains("dev", Assert.Throws<ArgumentException>(() => Trainer.Train(good, [], new())).Message);
        Assert.Contains("gap above 0",
            Assert.Throws<ArgumentException>(() => Trainer.Train([new EventSequence("a", [1, 1], null)], good, new())).Message);
        Assert.Contains("width",
            Assert.Throws<ArgumentException>(() => Trainer.Train(good, good, new() { Shape = new ModelConfig { Width = 20 } })).Message);
        Assert.Contains("train with mixer softmax",
            Assert.Throws<ArgumentException>(() =>
            Trainer.Train(good, good, new() { Shape = new ModelConfig { Mixer = "tova", States = 4 } })).Message);
    }

    [Fact]
    public void Train_WhenOpenEndsDoNotCount_GivesTheSameModelWithAndWithoutThem()
    {
        TrainingResult with = Trainer.Train(Watched(Alternating(30, 0), 50), Watched(Alternating(5, 500), 50), Small(censored: false));
        TrainingResult without = Train(2, seed: 1);
        Assert.Equal((without.Model.Id, without.DevNll), (with.Model.Id, with.DevNll));
    }

    [Fact]
    public void Train_WhenOpenEndsCount_LearnsThatSomeStreamsAreGone()
    {
        // Half of the streams go on until the end of the observation; the others stopped long before it. All marks are alike.
        List<EventSequence> Half(int seed) =>
            [.. Alternating(60, seed).Select((s, i) => s with { Marks = null, Until = s.Times[^1] + (i % 2 == 0 ? 1 : 5000) })];
        List<EventSequence> dev = Half(1000);
        TrainingResult result =
            Trainer.Train([.. Half(0), new EventSequence("once", [3], null) { Until = 9000 }], dev,
            Small(censored: true) with { Epochs = 10 });
        Evaluation score = Evaluator.Evaluate(result.Model, dev);

        Assert.Equal(60, score.OpenEnds);
        Assert.Equal(result.DevNll, (score.Nll * score.Events + score.NllOpenEnd!.Value * 60) / (score.Events + 60), 1e-6);
        // 30 of the dev set's forecasts are those of streams that are gone.
        double gone = 30.0 / (score.Events + 60);
        Assert.InRange(Never(result.Model, dev[0], 0), gone / 2, gone * 2);
        Assert.InRange(Never(result.Model, dev[1], 5000), 0.9, 1);
    }

    [Fact]
    public void Train_WhenNobodySaysHowLongTheStreamsWereWatched_RefusesToCountOpenEnds() => Assert.Contains("until when",
        Assert.Throws<ArgumentException>(() => Trainer.Train(Alternating(4, 0), Watched(Alternating(4, 9), 1), Small(censored: true)))
            .Message);

    [Fact]
    public void Train_WhenOnlyTrainHasMarks_IsRefused() => Assert.Contains("those of dev have none",
        Assert.Throws<ArgumentException>(() =>
            Trainer.Train(Alternating(4, 0), [.. Alternating(4, 9).Select(s => s with { Marks = null })], Small(censored: false))).Message);

    [Fact]
    public void Evaluate_WhenTheModelDoesNotTell_ScoresTheOpenEndsByTheGapAlone()
    {
        ForecastModel model = TestModels.Model();
        EventSequence[] histories = [.. Enumerable.Range(0, 5).Select(i => TestModels.History(6 + i, seed: 40 + i))];
        Evaluation plain = Evaluator.Evaluate(model, histories), open = Evaluator.Evaluate(model, [.. Watched([.. histories], 4)]);
        double expected = -histories.Average(s => new Forecaster(model).LogSurvival(StateAfter(model, s), 4));

        Assert.Equal((null, null), (plain.OpenEnds, plain.NllOpenEnd));
        Assert.Equal((5, plain.Events), (open.OpenEnds, open.Events));
        Assert.Equal(expected, open.NllOpenEnd!.Value, 1e-5);
        Assert.Equal(plain.Nll, open.Nll, 1e-5);
        Assert.Equal(plain.PitKs, open.PitKs, 1e-5);
    }

    [Fact]
    public void Train_WhenCancelled_Stops()
    {
        using var cancel = new CancellationTokenSource();
        var stop = new Progress(p => cancel.Cancel());
        Assert.Throws<OperationCanceledException>(() =>
            Trainer.Train(Alternating(50, 0), Alternating(5, 90), new() { Epochs = 100 }, stop, cancel.Token));
    }

    private static TrainingResult Train(int threads, int seed, double rate = TrainingOptions.DefaultLearningRate) =>
        Trainer.Train(Alternating(30, 0), Alternating(5, 500),
            Small(censored: false) with { Threads = threads, Seed = seed, LearningRate = rate });

    private static TrainingOptions Small(bool censored) =>
        new() { Shape = new ModelConfig { Width = 16, Layers = 2, Heads = 2, Censored = censored }, Epochs = 2, Threads = 2 };

    private static List<EventSequence> Watched(List<EventSequence> sequences, double longer) =>
        [.. sequences.Select(s => s with { Until = s.Times[^1] + longer })];

    private static double Never(ForecastModel model, EventSequence history, double silence) =>
        new Forecaster(model).Forecast(StateAfter(model, history), silence).Never!.Value;

    private static float[] StateAfter(ForecastModel model, EventSequence history)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < history.Times.Length; t++)
        {
            double gap = t == 0 ? 0 : history.Times[t] - history.Times[t - 1];
            backend.Step([new StepInput(0, history.Marks is null ? 0 : model.MarkIndices[history.Marks[t]], gap, t)]);
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return state;
    }

    private static List<EventSequence> Alternating(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed + i);
        int events = 10 + random.NextInt(30);
        var times = new double[events];
        var marks = new string[events];
        for (int t = 0; t < events; t++)
        {
            bool calm = (t + i) % 2 == 0;
            times[t] = (t == 0 ? 0 : times[t - 1]) + (calm ? 10 : 0.1) * Math.Exp(0.3 * random.NextNormal());
            marks[t] = calm ? "calm" : "burst";
        }
        return new EventSequence($"{i}", times, marks);
    })];

    private sealed class Progress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
