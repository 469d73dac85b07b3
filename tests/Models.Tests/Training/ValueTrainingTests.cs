using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>Trained models that forecast values.</summary>
public sealed class ValueTrainingTests
{
    private static readonly TrainingOptions s_small =
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 15, Seed = 3 };

    private static readonly Lazy<TrainingResult> s_trained = new(() => Trainer.Train(Streams(120, seed: 1), Streams(30, seed: 2), s_small));

    /// <summary>Amounts have a log-normal level of each stream's own, and are larger with one mark; with the other one there is none now
    /// and then.</summary>
    [Fact]
    public void Train_WhenStreamsHaveLevelsOfTheirOwn_FollowsThemAndLearnsWhatMarksSay()
    {
        List<EventSequence> test = Streams(100, seed: 4);
        Evaluation evaluation = Evaluator.Evaluate(s_trained.Value.Model, test, threads: 2);
        ValueErrors errors = Assert.Single(evaluation.Values!);

        Assert.Equal(("amount", true), (errors.Name, errors.IsLog));
        Assert.Equal(test.Sum(s => s.Values!["amount"].Skip(1).Count(v => !double.IsNaN(v))), errors.Events);
        Assert.InRange(errors.Crps, 0, 0.93 * errors.CrpsRunning);
        // Who knew level and mark would have a normal of deviation 0.4: CRPS 0.4 / sqrt(pi), mean error 0.4 sqrt(2 / pi).
        Assert.InRange(errors.Crps, 0.2257 * 0.97, 0.2257 * 1.13);
        Assert.InRange(errors.Coverage80, 0.77, 0.83);
        Assert.InRange(errors.Mae, 0.3192 * 0.97, 0.3192 * 1.13);
        // Half of the events have it always, the others in seven of ten.
        Assert.InRange(errors.PresenceNll, 0.29, 0.33);
        double share = test.Average(s => s.Values!["amount"].Count(v => !double.IsNaN(v)) / 40.0);
        Assert.Equal(s_trained.Value.Model.Config.Values![0].Share, share, 0.03);
    }

    [Fact]
    public void Train_WhenThreadsDiffer_GivesTheSameWeights()
    {
        string[] ids = [.. new[] { 1, 3 }.Select(threads =>
            Trainer.Train(Streams(12, seed: 1), Streams(4, seed: 2), s_small with { Epochs = 2, Threads = threads }).Model.Id)];
        Assert.Equal(ids[0], ids[1]);
    }

    /// <summary>What dev is scored by is what held-out events are scored by.</summary>
    [Fact]
    public void Train_ByItsDevScore_SaysTheJointScore() =>
        Assert.Equal(s_trained.Value.DevNll, Evaluator.Evaluate(s_trained.Value.Model, Streams(30, seed: 2)).Nll, 1e-6);

    /// <summary>The value head knows a mark that training never saw as the average one, as the network does.</summary>
    [Fact]
    public void Train_OfTheUnknownMark_TakesTheMeanOfTheOthers()
    {
        ForecastModel model = s_trained.Value.Model;
        string[] marks = [.. Streams(120, seed: 1).SelectMany(s => s.Marks!)];
        foreach (string name in new[] { "embed.mark", "value.mark" })
        {
            Parameter p = model.Parameters.Single(p => p.Name == name);
            for (int j = 0; j < p.Columns; j++)
            {
                double Of(int mark) => model.ParameterVector[p.Offset + mark * p.Stride + j];
                double sum = model.Config.Marks.Select((mark, m) => marks.Count(x => x == mark) * Of(m)).Sum();
                Assert.Equal(sum / marks.Length, Of(2), 1e-5);
            }
        }
    }

    /// <summary>Over marks that training did not have the model goes on: those of amounts as of unknown marks.</summary>
    [Fact]
    public void WithMarks_OfAModelWithValues_ScoresThemAsBehindUnknownMarks()
    {
        ForecastModel model = s_trained.Value.Model;
        List<EventSequence> strange = [.. Streams(10, seed: 5).Select(s => s with { Marks = Array.ConvertAll(s.Marks!, m => "new " + m) })];

        Evaluation unknown = Evaluator.Evaluate(model, strange);
        foreach (string[] marks in new string[][] { ["new a", "new b"], ["new a", "new b", "c", "d", "e"], ["x"], [] })
        {
            ForecastModel other = model.WithMarks(marks);
            Evaluation known = Evaluator.Evaluate(other, strange);
            Assert.Equal(unknown.NllValue!.Value, known.NllValue!.Value, 1e-9);
            Assert.Equal(unknown.NllTime, known.NllTime, 1e-9);
            Assert.Equal(marks.Length + 1, other.Parameters.Single(p => p.Name == "value.mark").Rows);
        }
    }

    [Fact]
    public void Train_WhenAValueIsInfinite_SaysWhichAndWhere()
    {
        List<EventSequence> streams = Streams(4, seed: 1);
        streams[2].Values!["amount"][7] = double.PositiveInfinity;
        Assert.Equal("Event 7 (from 0) of stream 's2' of the train set has an infinite 'amount'; a value must be a finite number: leave it out of the event.",
            Assert.Throws<ArgumentException>(() => Trainer.Train(streams, Streams(4, seed: 2), s_small)).Message);
    }

    /// <summary>Values that no two events have alike, one that never changes, one that is hardly ever there: all are learned beside each
    /// other.</summary>
    [Fact]
    public void Train_WhenValuesAreOdd_GivesScoresThatAreNumbers()
    {
        List<EventSequence> Odd(int count, int seed) => [.. Streams(count, seed).Select(s => s with
        {
            Values = new Dictionary<string, double[]>
            {
                ["amount"] = s.Values!["amount"],
                ["constant"] = [.. s.Times.Select(_ => 0.1)],
                ["rare"] = [.. s.Times.Select((_, t) => s.Id == "s0" && t == 5 ? 7 : double.NaN)],
                ["huge"] = [.. s.Times.Select((_, t) => t % 7 == 3 ? -1e300 : t)],
            },
        })];
        ForecastModel model = Trainer.Train(Odd(20, 1), Odd(6, 2), s_small with { Epochs = 3 }).Model;
        Evaluation evaluation = Evaluator.Evaluate(model, Odd(6, 3));

        Assert.Equal(["amount", "constant", "rare", "huge"], model.Config.Values!.Select(v => v.Name));
        Assert.True(double.IsFinite(evaluation.Nll));
        Assert.All(evaluation.Values!, e => Assert.True(double.IsFinite(e.Crps) && double.IsFinite(e.Nll) && e.Crps >= 0));
    }

    private static List<EventSequence> Streams(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        const int Events = 40;
        var random = new RandomStream(seed, i);
        double[] times = new double[Events], amounts = new double[Events];
        string[] marks = new string[Events];
        double level = 2 + 1.5 * random.NextNormal();
        for (int t = 0; t < Events; t++)
        {
            times[t] = (t == 0 ? 0 : times[t - 1]) + Math.Exp(0.5 * random.NextNormal());
            bool isLarge = random.NextInt(2) == 0;
            marks[t] = isLarge ? "b" : "a";
            amounts[t] = !isLarge && random.NextDouble() < 0.3 ? double.NaN
                : Math.Exp(level + (isLarge ? 0.8 : 0) + 0.4 * random.NextNormal());
        }
        return new EventSequence($"s{i}", times, marks) { Values = new Dictionary<string, double[]> { ["amount"] = amounts } };
    })];
}
