using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Series;

/// <summary>Small regular series from a named seed.</summary>
internal static class TestSeries
{
    public const int Day = 12, Window = 48, Horizon = 5;

    public static TrainingOptions Small(string mixer = "aaren", bool decay = true) => new()
    {
        Shape = new ModelConfig
        {
            Width = 16,
            Layers = 1,
            Heads = 2,
            Mixer = mixer,
            Decay = decay,
            Series = new SeriesShape(Horizon, Window, [Day]),
        },
        Epochs = 6,
        LearningRate = 1e-2,
        Threads = 1,
    };

    /// <summary>A wave of a day's length with noise that is eight times as wide every other hundred readings.</summary>
    public static EventSequence Stream(int readings, int seed, int start = 0, string id = "s")
    {
        var random = new RandomStream(seed);
        double[] times = [.. Enumerable.Range(start, readings).Select(t => 0.5 * t)];
        return new EventSequence(id, times, null)
        {
            Values = new Dictionary<string, double[]>
            {
                ["level"] = [.. Enumerable.Range(start, readings).Select(t =>
                    20 + 3 * Math.Sin(2 * Math.PI * t / Day) + (t / 100 % 2 == 0 ? 0.2 : 1.6) * random.NextNormal())],
            },
        };
    }
}
