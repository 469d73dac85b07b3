using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.Policies;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Forecasting;

/// <summary>Actions of a model that learned from a simulated shop's log, ranked by what they are expected to bring.</summary>
public sealed class ActionReturnTests(ITestOutputHelper output)
{
    private const double SecondsPerDay = 86_400;

    /// <summary>Whoever follows the ranking earns more than the shop did.</summary>
    [Fact]
    public void Actions_WhenTheFirstOfThemIsTaken_BringMoreThanTheLog()
    {
        // About 280 episodes, whose returns lie 25 apart: known to 1.5.
        const int Players = 50;
        var forecaster = new Forecaster(Train(OfferSimulator.Log(400, seed: 41), OfferSimulator.Log(100, seed: 42)));
        double logged = OfferSimulator.Play(40 * Players, seed: 300, (past, time, _) => Thrown(past, time));

        double played = OfferSimulator.Play(Players, seed: 300, (past, time, elapsed) =>
        {
            IReadOnlyList<ActionReturn> actions = Ranked(forecaster, past, time, OfferSimulator.Horizon - elapsed);
            return Array.IndexOf(OfferSimulator.Actions, actions[0].Action);
        });

        output.WriteLine($"ranked {played:F2}, as logged {logged:F2}");
        Assert.True(played > logged + 3);
    }

    [Fact]
    public void Actions_OfOneState_AreTheSameEachTimeAndInOrder()
    {
        EventSequence[] log = OfferSimulator.Log(60, seed: 43);
        var forecaster = new Forecaster(Train(log[..40], log[40..], epochs: 2));

        IReadOnlyList<ActionReturn> first = Ranked(forecaster, log[0], log[0].Times[^1] + 1, 15);
        IReadOnlyList<ActionReturn> again = Ranked(forecaster, log[0], log[0].Times[^1] + 1, 15);

        Assert.Equal(OfferSimulator.Actions.Order(), first.Select(a => a.Action).Order());
        Assert.Equal(1, first.Sum(a => a.Share), 1e-9);
        Assert.Equal(first.OrderByDescending(a => a.Return!.Mean).Select(a => a.Action), first.Select(a => a.Action));
        Assert.Equal(first.Select(a => (a.Action, a.Return!.Mean, a.Return.Quantile(0.9))),
            again.Select(a => (a.Action, a.Return!.Mean, a.Return.Quantile(0.9))));
    }

    /// <summary>Where training never saw an action, nothing is said of what it brings.</summary>
    [Fact]
    public void Actions_WhichSuchStatesHardlyEverSaw_AreNotRanked()
    {
        EventSequence[] log = [.. OfferSimulator.Log(200, seed: 44).Select((s, i) => i == 0 ? s : Without(s, "call"))];
        var forecaster = new Forecaster(Train(log[..150], log[150..], epochs: 8));

        IReadOnlyList<ActionReturn> actions = Ranked(forecaster, log[1], log[1].Times[^1] + 1, 15);

        Assert.Equal("call", actions[^1].Action);
        Assert.Null(actions[^1].Return);
        Assert.True(actions[^1].Share < ActionReturn.LeastShare);
        Assert.All(actions.SkipLast(1), a => Assert.NotNull(a.Return));
    }

    [Theory]
    [InlineData("buy,sell", "net", "Model actions must be two or more of its marks, all different")]
    [InlineData("mail", "net", "Model actions must be two or more of its marks, all different")]
    [InlineData("mail,call", "gross", "Model reward must be one of the values that it forecasts, which are net, got gross.")]
    public void Train_OnActionsThatAreNone_SaysWhatTheyMayBe(string marks, string reward, string expected)
    {
        EventSequence[] log = OfferSimulator.Log(20, seed: 45);
        var options = new TrainingOptions
        {
            Values = [OfferSimulator.Reward],
            Decisions = new DecisionSettings(marks.Split(','), reward),
            Epochs = 1,
        };
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(() => Trainer.Train(log, log, options)).Message);
    }

    private static EventSequence Without(EventSequence stream, string mark)
    {
        int[] kept = [.. Enumerable.Range(0, stream.Times.Length).Where(i => stream.Marks![i] != mark)];
        T[] Kept<T>(T[] all) => [.. kept.Select(i => all[i])];
        return stream with
        {
            Times = Kept(stream.Times),
            Marks = Kept(stream.Marks!),
            Values = stream.Values!.ToDictionary(v => v.Key, v => Kept(v.Value)),
        };
    }

    /// <summary>The log's own dice, thrown anew.</summary>
    private static int Thrown(EventSequence past, double time)
    {
        int bought = Array.FindLastIndex(past.Marks!, m => m == "buy");
        double[] shares = bought >= 0 && time - past.Times[bought] < 10 ? [0.4, 0.2, 0.2, 0.2] : [0.2, 0.2, 0.3, 0.3];
        double dice = new RandomStream(7, BitConverter.DoubleToInt64Bits(time)).NextDouble();
        return Enumerable.Range(0, 3).Count(a => dice >= shares[..(a + 1)].Sum());
    }

    private static IReadOnlyList<ActionReturn> Ranked(Forecaster forecaster, EventSequence past, double time, double horizon)
    {
        ForecastModel model = forecaster.Model;
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] z = EncodedValues.Standardise(past, model.Config.Values!);
        for (int t = 0; t < past.Times.Length; t++)
        {
            backend.Step([new StepInput(0, model.MarkIndices[past.Marks![t]], t == 0 ? 0 : past.Times[t] - past.Times[t - 1], t)],
                z.AsSpan(t, 1));
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        double silence = past.Times.Length == 0 ? 0 : time - past.Times[^1];
        return forecaster.Actions(forecaster.Forecast(state, silence * SecondsPerDay), Math.Max(horizon, 0.1) * SecondsPerDay, new());
    }

    private static ForecastModel Train(EventSequence[] train, EventSequence[] dev, int? epochs = null) =>
        Trainer.Train(train, dev, Options(epochs)).Model;

    private static TrainingOptions Options(int? epochs) => new()
    {
        Shape = new ModelConfig { TimeUnitSeconds = SecondsPerDay, Width = 32 },
        Values = [OfferSimulator.Reward],
        Decisions = new DecisionSettings(OfferSimulator.Actions, OfferSimulator.Reward),
        Epochs = epochs,
        Threads = 2,
    };
}
