using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.Labels;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Labels;

public sealed class LabelTrainerTests
{
    private static readonly TrainingOptions s_small =
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 12, Threads = 1 };

    /// <summary>Kinds differ by how one value goes on from event to event: a single event tells nothing, a few tell all.</summary>
    [Fact]
    public void Train_WhenTheOrderOfValuesTellsTheKind_TellsItAfterAFewEvents()
    {
        LabelModel model = LabelTrainer.Train(Streams(60, seed: 1), Streams(20, seed: 2), s_small);

        (string, double[][])[] said = [.. Streams(60, seed: 3).Select(s => (s.Label!, model.Predict(s)))];

        Assert.Equal(["falling", "rising"], model.Labels);
        Assert.InRange(LabelScore.Of(said, model.Labels, 1).Accuracy, 0.3, 0.7);
        Assert.InRange(LabelScore.Of(said, model.Labels, 6).Accuracy, 0.9, 1);
        Assert.InRange(LabelScore.Of(said, model.Labels, null).LogLoss, 0, 0.2);
    }

    /// <summary>What is said after an event is made of the events up to it: a longer stream says the same of its beginning.</summary>
    [Fact]
    public void Predict_OfABeginning_IsTheBeginningOfWhatIsPredicted()
    {
        LabelModel model = LabelTrainer.Train(Streams(20, seed: 1), Streams(8, seed: 2), s_small with { Epochs = 2 });
        EventSequence whole = Streams(1, seed: 3)[0];
        EventSequence begun = whole with { Times = whole.Times[..5], Values = whole.Values!.ToDictionary(v => v.Key, v => v.Value[..5]) };

        Assert.All(model.Predict(whole)[..5].Zip(model.Predict(begun)),
            p => Assert.All(p.First.Zip(p.Second), x => Assert.Equal(x.First, x.Second, 1e-6)));
    }

    [Fact]
    public void Train_WhenNothingTellsTheStreamsApart_SaysWhatIsMissing()
    {
        string Refusal(IEnumerable<EventSequence> train, IEnumerable<EventSequence> dev) =>
            Assert.Throws<ArgumentException>(() => LabelTrainer.Train([.. train], [.. dev], s_small)).Message;
        List<EventSequence> streams = Streams(6, seed: 1);

        Assert.Contains("none of train has a label", Refusal(streams.Select(s => s with { Label = null }), streams));
        Assert.Contains("all of train are 'rising'", Refusal(streams.Select(s => s with { Label = "rising" }), streams));
        Assert.Contains("kinds that train has none of: odd", Refusal(streams, [streams[0] with { Label = "odd" }]));
        Assert.Contains("at least one stream with a label", Refusal(streams, [streams[0] with { Label = null }]));
        Assert.Contains("carry 17 values, and a model reads at most 16", Refusal(streams.Select(s => s with
        {
            Values = Enumerable.Range(0, 17).ToDictionary(i => $"v{i}", _ => s.Times),
        }), streams));
    }

    [Fact]
    public void Score_OfAShortStream_JudgesItsLastEvent()
    {
        (string, double[][])[] said = [("a", [[0.2, 0.8], [0.9, 0.1]]), ("b", [[0.4, 0.6]])];

        Assert.Equal(new LabelScore(2, 1, -(Math.Log(0.9) + Math.Log(0.6)) / 2) { Auc = 1 }, LabelScore.Of(said, ["a", "b"], 2));
        Assert.Equal(0.5, LabelScore.Of(said, ["a", "b"], 1).Accuracy);
    }

    /// <summary>Of pairs of a stream of a kind and one of another: how many have their probabilities in the right order, equal ones half;
    /// the mean over the kinds.</summary>
    [Fact]
    public void Score_WhenProbabilitiesAreEqualOrCross_CountsPairs()
    {
        (string, double[][])[] said =
            [("a", [[0.7, 0.3]]), ("a", [[0.4, 0.6]]), ("b", [[0.4, 0.6]]), ("b", [[0.5, 0.5]]), ("b", [[0.1, 0.9]])];

        // Above b's .4, .5 and .1 are a's .7 three times, and its .4 one and a half times.
        Assert.Equal(4.5 / 6, LabelScore.Of(said, ["a", "b"], null).Auc!.Value, 1e-12);
        Assert.Null(LabelScore.Of(said[..2], ["a", "b"], null).Auc);
    }

    /// <summary>Each stream is scored once, by models that did not learn from it.</summary>
    [Fact]
    public void Compare_ByFolds_ScoresEachFormBesideSimpleMethods()
    {
        EventSequence[] streams = [.. Streams(40, seed: 1).Select((s, i) => s with { Fold = i / 10 })];
        var options = new LabelComparisonOptions { Forms = [ComparisonForm.Parse("aaren")], Seeds = 2, Training = s_small };
        var comparison = new LabelComparison(streams, null, options);

        LabelRow[] rows = [.. comparison.Run()];

        Assert.Equal((40, 4), (comparison.Streams, comparison.Folds));
        Assert.Equal(["frequencies", "logistic on summaries", "aaren"], rows.Select(r => r.Name));
        Assert.All(rows, row => Assert.Equal([1, 2, 5, 10, null], row.Scores.Select(s => s.After)));
        Assert.Equal(Math.Log(2), rows[0].Scores[^1].LogLoss.Mean, 0.05);
        Assert.InRange(rows[1].Scores[^1].Accuracy.Mean, 0.9, 1);
        Assert.InRange(rows[2].Scores[^1].Accuracy.Mean, 0.9, 1);
        Assert.NotNull(rows[2].Scores[^1].LogLoss.StandardError);
        Assert.True(rows[2].BytesPerStream > 0 && rows[0].BytesPerStream is null);
    }

    [Fact]
    public void Compare_WhenALabelOrAFoldIsMissing_SaysWhatToDo()
    {
        List<EventSequence> streams = Streams(4, seed: 1);
        string Refusal(IEnumerable<EventSequence> train, LabelComparisonOptions? options = null) =>
            Assert.Throws<ArgumentException>(() => new LabelComparison([.. train], null, options ?? new LabelComparisonOptions())).Message;

        Assert.Contains("has no \"fold\"", Refusal(streams));
        Assert.Contains("all streams are of one fold", Refusal(streams.Select(s => s with { Fold = 0 })));
        Assert.Contains("Stream 's2' of train has no \"label\"", Refusal(streams.Select((s, i) => i == 2 ? s with { Label = null } : s)));
        Assert.Contains("tova bounds a trained model", Refusal(streams, new LabelComparisonOptions { Forms = [ComparisonForm.Parse("tova")] }));
    }

    /// <summary>A value that rises or falls from a random start, with noise and now and then nothing.</summary>
    private static List<EventSequence> Streams(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        double at = 3 * random.NextNormal(), step = i % 2 == 0 ? 1 : -1;
        double[] times = [.. Enumerable.Range(0, 12).Select(t => (double)t)];
        return new EventSequence($"s{i}", times, null)
        {
            Values = new Dictionary<string, double[]>
            {
                ["level"] = [.. times.Select(t => random.NextDouble() < 0.1 ? double.NaN : at + step * t + 0.3 * random.NextNormal())],
            },
            Label = i % 2 == 0 ? "rising" : "falling",
        };
    })];
}
