using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Scoring;

public class WithinEvaluatorTests
{
    private const int Seed = 35;

    private static readonly string[] s_marks = ["calm", "failed"];

    /// <summary>What came is counted by hand, from the moments that the docs promise.</summary>
    [Fact]
    public void Evaluate_OfAnyModel_AsksEveryStreamAtItsMomentsAndCountsWhatCame()
    {
        EventSequence[] sequences =
        [
            new("a", [0.5, 3.5, 7.25, 9], ["calm", "failed", "calm", "failed"]) { Past = 2 },
            new("late", [8.5, 9.5], ["failed", "calm"]),
            new("gone", [1], ["calm"]) { Past = 1 },
        ];
        ForecastModel model = Untrained();

        WithinEvaluation asked = WithinEvaluator.Evaluate(model, sequences, s_marks, horizon: 2, every: 0.5);

        // The first event behind a past is at 7.25, the latest of all at 9.5: from 7 to 7.5, where "late" has not begun.
        Assert.Equal((7, 7.5), (asked.From, asked.To));
        Assert.Equal([("calm", 4, 1), ("failed", 4, 2), (null, 8, 3)],
            asked.Model.Select(s => (s.Mark, (int)s.Questions, (int)s.Came)));
        Assert.Equal(asked.Model.Select(s => (s.Mark, s.Questions, s.Came)), asked.OwnRate.Select(s => (s.Mark, s.Questions, s.Came)));

        // With an end of observation there are more moments, and the stream that begins later is asked from then on.
        asked = WithinEvaluator.Evaluate(model, [.. sequences.Select(s => s with { Until = 11 })], s_marks, 2, 0.5);
        Assert.Equal((7, 9), (asked.From, asked.To));
        Assert.Equal(2 * 5 + 2, asked.Model[0].Questions);
    }

    [Fact]
    public void Evaluate_WhenAMarkAnnouncesAnother_RanksFarAboveTheStreamsRates()
    {
        ForecastModel model = Trainer.Train(Machines(60, 1), Machines(20, 2), new TrainingOptions
        {
            Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 },
            Epochs = 20,
            Seed = Seed,
        }).Model;

        WithinEvaluation asked = WithinEvaluator.Evaluate(model, Machines(40, 3), ["failed"], horizon: 3, every: 5);

        WithinScore told = Assert.Single(asked.Model), rate = Assert.Single(asked.OwnRate);
        Assert.True(told.Auc > rate.Auc + 0.15, $"AUC {told.Auc} beside {rate.Auc}");
        Assert.True(told.AveragePrecision > rate.AveragePrecision + 0.15, $"{told.AveragePrecision} beside {rate.AveragePrecision}");
        Assert.True(told.LogLoss < rate.LogLoss, $"{told.LogLoss} beside {rate.LogLoss}");
        Assert.Equal(told.Came, told.Expected, 0.25 * told.Came);
        Assert.Equal(rate.Came, rate.Expected, 0.25 * rate.Came);
    }

    [Fact]
    public void Evaluate_WhenItCannotBeAsked_SaysWhy()
    {
        EventSequence[] sequences = [new("a", [0, 5], ["calm", "failed"])];

        Assert.Contains("no mark 'surprise'; it has calm, failed", Refusal(["surprise"], 1, 1));
        Assert.Contains("which goes from 5 to 5 in the file's time unit", Refusal(s_marks, 7, 7, past: 1));
        Assert.Contains("No mark is named", Refusal([], 1, 1));
        sequences = [.. sequences, new("b", [0, 2], ["calm", "failed"])];
        Assert.Contains("All 2 sequences start at 0, so each counts from its own first event", Refusal(s_marks, 1, 1));
        sequences = [sequences[0]];
        Assert.Contains("ask more seldom", Refusal(s_marks, 1, 1e-5));

        string Refusal(string[] marks, double horizon, double every, int past = 0) => Assert.Throws<ArgumentException>(() =>
            WithinEvaluator.Evaluate(Untrained(), [.. sequences.Select(s => s with { Past = past })], marks, horizon, every)).Message;
    }

    private static ForecastModel Untrained() =>
        ForecastModel.Untrained(new ModelConfig { Width = 16, Layers = 1, Heads = 2, Marks = s_marks }, Seed);

    /// <summary>A warning comes at random, and two thirds of them are followed by a failure after one to two units of time.</summary>
    private static EventSequence[] Machines(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(Seed, seed, i);
        var events = new List<(double Time, string Mark)>();
        for (double t = 0; t < 200;)
        {
            t += 4 - 12 * Math.Log(1 - random.NextDouble());
            events.Add((t, "warned"));
            if (random.NextDouble() < 2 / 3.0)
            {
                t += 1 + random.NextDouble();
                events.Add((t, "failed"));
            }
        }
        // All are watched for as long.
        events.RemoveAll(e => e.Time > 200);
        return new EventSequence($"m{i}", [.. events.Select(e => e.Time)], [.. events.Select(e => e.Mark)]);
    })];
}
