using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

public class DataLimitsTests
{
    public static TheoryData<string, string, EventSequence> BeyondALimit => new()
    {
        { "train", "a gap of 5E-324 time units before it; a gap above 0 must be at least 1E-18. Where events came at once give them the same time",
            new("x", [0, 5e-324, 7], null) },
        { "train", "a gap of 2E+18 before it; gaps must be at most 1E+18 time units: write the times in a unit", new("x", [-1e18, 1e18], null) },
        { "train", "a time of 1E+300; times must be at most 1E+18", new("x", [1, 1e300], null) },
        { "dev", "a time of 1E+300; times must be at most 1E+18", new("x", [1, 1e300], null) },
        { "dev", "a time of NaN", new("x", [1, double.NaN, 3], null) },
        { "dev", "a time of Infinity", new("x", [1, double.PositiveInfinity], null) },
        { "train", "a gap of -1 before it; gaps must be 0 or more: sort the events by time", new("x", [1, 3, 2], null) },
        { "dev", "a mark of 257 bytes; a mark may have 256 bytes of UTF-8: give long marks shorter names",
            new("x", [1, 2, 3], ["a", new string('m', 257), "a"]) },
        { "dev", "a silence of -1 behind it", new("x", [1, 2, 3], null) { Until = 2 } },
        { "train", "a silence of 1E+20 behind it", new("x", [1, 2, 3], null) { Until = 1e20 } },
    };

    [Theory]
    [MemberData(nameof(BeyondALimit))]
    public void Train_WhenDataIsBeyondALimit_SaysWhereWhichAndWhatToDoBeforeItBegins(string set, string expected, EventSequence beyond)
    {
        bool hasMarks = beyond.Marks is not null;
        List<EventSequence> good = Regular(hasMarks), bad = [.. good, beyond];
        var steps = new List<TrainingProgress>();

        string message = Assert.Throws<ArgumentException>(() => Trainer.Train(set == "train" ? bad : good, set == "dev" ? bad : good,
            s_options, new Relay(steps.Add))).Message;

        Assert.StartsWith("Event ", message);
        Assert.Contains($"of stream 'x' of the {set} set has {expected}", message);
        Assert.Empty(steps);
    }

    [Fact]
    public void Train_WhenGapsAreAtTheLimits_WritesAModelThatLoadsAndScores()
    {
        List<EventSequence> train = [.. Enumerable.Range(0, 20).Select(i => new EventSequence($"{i}",
            [0, 1e-18, 3e-18, (i + 1) * 1e-17, 1 + 0.01 * i, 2, 3, 1e18], ["a", "b", "a", "b", "a", "b", "a", "b"]))];
        using var folder = new TemporaryFolder();

        TrainingResult result = Trainer.Train(train, train, s_options);
        result.Model.Save(folder.At("m.safetensors"));
        Evaluation scores = Evaluator.Evaluate(ForecastModel.Load(folder.At("m.safetensors")), train);

        Assert.Equal(result.DevNll, scores.Nll, 1e-6);
        Assert.True(double.IsFinite(scores.Rmse), $"{scores.Rmse}");
    }

    [Fact]
    public void Train_WhenAnOptionIsBeyondALimit_NamesIt()
    {
        List<EventSequence> good = Regular(marked: false);
        string Refusal(TrainingOptions options) => Assert.Throws<ArgumentException>(() => Trainer.Train(good, good, options)).Message;

        Assert.Contains("most marks must be 2 to 4096, got 5000", Refusal(s_options with { MaxMarks = 5000 }));
        Assert.Contains("clock grid must be 0 or from 1E-18 to 1E+18 time units, got 5E-324", Refusal(s_options with { Resolution = 5e-324 }));
        Assert.Contains("time unit must be 1e-9 to 1e12 seconds, got 1E+300",
            Refusal(s_options with { Shape = s_options.Shape with { TimeUnitSeconds = 1e300 } }));
    }

    [Fact]
    public void Evaluate_WhenDataIsBeyondALimit_SaysSo() => Assert.Contains("stream 'x' of the test set has a time of 1E+300",
        Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(TestModels.Model(), [new EventSequence("x", [1, 1e300], null)])).Message);

    private static readonly TrainingOptions s_options =
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 1, Threads = 1 };

    private static List<EventSequence> Regular(bool marked) => [.. Enumerable.Range(0, 4).Select(i =>
        new EventSequence($"{i}", [i, i + 1.5, i + 2.25], marked ? ["a", "b", "a"] : null))];

    private sealed class Relay(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
