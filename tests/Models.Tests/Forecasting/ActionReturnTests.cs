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

    /// <summary>Whoever follows the ranking earns more than the shop did, and more than with a discount for everybody.</summary>
    [Fact]
    public void Actions_WhenTheFirstOfThemIsTaken_BringMoreThanTheLogAndThanDiscountsForAll()
    {
        const int Players = 400;
        ForecastModel model = Train(OfferSimulator.Log(800, seed: 41), OfferSimulator.Log(200, seed: 42));
        var forecaster = new Forecaster(model);
        double discounts = OfferSimulator.Play(10 * Players, seed: 300, (_, _, _) => 2);
        double logged = OfferSimulator.Play(10 * Players, seed: 300, (past, time, _) => Thrown(past, time));

        double played = OfferSimulator.Play(Players, seed: 300, (past, time, elapsed) =>
        {
            IReadOnlyList<ActionReturn> actions = Ranked(forecaster, past, time, OfferSimulator.Horizon - elapsed);
            return Array.IndexOf(OfferSimulator.Actions, actions[0].Action);
        });

        output.WriteLine($"ranked {played:F2}, discounts {discounts:F2}, as logged {logged:F2}");
        Assert.True(played > discounts && played > logged);
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

    private static ForecastModel Train(EventSequence[] train, EventSequence[] dev) => Trainer.Train(train, dev, new TrainingOptions
    {
        Shape = new ModelConfig { TimeUnitSeconds = SecondsPerDay, Width = 32 },
        Values = [OfferSimulator.Reward],
        Actions = new ActionSettings(OfferSimulator.Actions, OfferSimulator.Reward),
        Threads = 2,
    }).Model;
}
