namespace Foretell.Models.Tests;

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
        Assert.Equal(standard, Train(2, seed: 1, rate: 0.003).Model.Id);
        Assert.NotEqual(standard, Train(2, seed: 1, rate: 0.006).Model.Id);
        Assert.All(new[] { 0, -1, 2, double.NaN }, rate =>
            Assert.Contains("learning rate must be above 0", Assert.Throws<ArgumentException>(() => Train(2, seed: 1, rate)).Message));
    }

    [Fact]
    public void Train_LearnsWhatTheHistoryTells()
    {
        // Gaps alternate between short and long, and the mark tells which comes next: history is worth more than a nat.
        List<EventSequence> train = Alternating(80, 0), dev = Alternating(20, 1000);
        TrainingResult result = Trainer.Train(train, dev, new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 20 });
        Evaluation score = Evaluator.Evaluate(result.Model, dev);
        Assert.Equal(result.DevNll, score.Nll, 1e-6);
        Assert.True(score.NllTime < score.Baselines["logNormalMixture"].NllTime!.Value - 0.5, $"{score.NllTime} against {score.Baselines["logNormalMixture"].NllTime}");
        Assert.True(score.Accuracy > 0.99);
        Assert.True(score.NllMark < 0.1);
    }

    [Fact]
    public void Train_WhenDataCannotBeLearnedFrom_SaysWhy()
    {
        List<EventSequence> good = Alternating(4, 0);
        Assert.Contains("two events", Assert.Throws<ArgumentException>(() => Trainer.Train([new EventSequence("a", [1], null)], good, new())).Message);
        Assert.Contains("dev", Assert.Throws<ArgumentException>(() => Trainer.Train(good, [], new())).Message);
        Assert.Contains("gap above 0", Assert.Throws<ArgumentException>(() => Trainer.Train([new EventSequence("a", [1, 1], null)], good, new())).Message);
        Assert.Contains("width", Assert.Throws<ArgumentException>(() => Trainer.Train(good, good, new() { Shape = new ModelConfig { Width = 20 } })).Message);
        Assert.Contains("train with mixer softmax", Assert.Throws<ArgumentException>(() => Trainer.Train(good, good, new() { Shape = new ModelConfig { Mixer = "tova", States = 4 } })).Message);
    }

    [Fact]
    public void Train_WhenCancelled_Stops()
    {
        using var cancel = new CancellationTokenSource();
        var stop = new Progress(p => cancel.Cancel());
        Assert.Throws<OperationCanceledException>(() => Trainer.Train(Alternating(50, 0), Alternating(5, 90), new() { Epochs = 100 }, stop, cancel.Token));
    }

    private static TrainingResult Train(int threads, int seed, double rate = TrainingOptions.DefaultLearningRate) => Trainer.Train(Alternating(30, 0), Alternating(5, 500),
        new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 2, Heads = 2 }, Epochs = 2, Threads = threads, Seed = seed, LearningRate = rate });

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
