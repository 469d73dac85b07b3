using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Scoring;

public class AdaptationCostTests
{
    private const int Seed = 37;

    [Fact]
    public void Of_AnyModel_IsWhatTheEvaluatorSaysOfBoth()
    {
        EventSequence[] streams = [.. Machines(12, 3), new EventSequence("short", [1], ["ran"]), new EventSequence("none", [], [])];
        streams[0] = streams[0] with { Past = 5 };
        ForecastModel model = Trained();
        Evaluation adapted = Evaluator.Evaluate(model.WithAdaptation(true), streams);

        double cost = AdaptationCost.Of(model, streams, threads: 2);

        Assert.Equal(adapted.Nll - (adapted.AsTrained!.NllTime + adapted.AsTrained.NllMark)!.Value, cost, 1e-9);
        Assert.Equal(cost, AdaptationCost.Of(model.WithAdaptation(true), streams));
        Assert.Equal(0, AdaptationCost.Of(model, streams[^2..]));
    }

    [Fact]
    public void Of_StreamsThatAreAsTrained_IsTolerable()
    {
        EventSequence[] train = Steady(40, 1), dev = Steady(20, 2);
        ForecastModel model = Trainer.Train(train, dev, Small(6)).Model;

        Assert.InRange(AdaptationCost.Of(model, dev), -0.05, AdaptationCost.Tolerable);
    }

    private static ForecastModel Trained() => Trainer.Train(Machines(40, 1), Machines(20, 2), Small(1)).Model;

    private static TrainingOptions Small(int epochs) => new()
    {
        Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2, TimeUnitSeconds = 3600 },
        Epochs = epochs,
        Seed = Seed,
    };

    private static EventSequence[] Machines(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(Seed, seed, i);
        var times = new List<double>();
        double t = 0, pace = 1;
        for (int n = 0; n < 60; n++)
        {
            pace = random.NextInt(8) == 0 ? 21 - pace : pace;
            t += pace * Math.Exp(0.1 * random.NextNormal());
            times.Add(t);
        }
        return new EventSequence($"m{i}", [.. times], [.. times.Select((_, n) => n % 3 == 0 ? "alarm" : "ran")]);
    })];

    private static EventSequence[] Steady(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(Seed, seed, i);
        double t = 0;
        double[] times = [.. Enumerable.Range(0, 60).Select(_ => t += Math.Exp(random.NextNormal()))];
        return new EventSequence($"s{i}", times, null);
    })];
}
