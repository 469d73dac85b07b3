using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests;

/// <summary>Small random models and histories for tests, each from a named seed.</summary>
internal static class TestModels
{
    public const int WeightsSeed = 11, HistorySeed = 12;

    public static ModelConfig Config(bool decay = true, int marks = 3, int width = 32, int layers = 2, int heads = 4) => new()
    {
        Width = width,
        Layers = layers,
        Heads = heads,
        Decay = decay,
        GapFloor = 1e-6,
        GapCeiling = 1e6,
        LogGapMean = 0.2,
        LogGapDeviation = 1.3,
        Marks = [.. Enumerable.Range(0, marks).Select(i => $"mark-{i}")],
    };

    public static ForecastModel Model(bool decay = true, int marks = 3, int width = 32, int heads = 4) =>
        ForecastModel.Untrained(Config(decay, marks, width, heads: heads), WeightsSeed);

    /// <summary>A history with log-normal gaps and uniform marks.</summary>
    public static EventSequence History(int events, int marks = 3, int seed = HistorySeed, double spread = 1)
    {
        var random = new RandomStream(seed);
        var times = new double[events];
        var names = new string[events];
        for (int t = 0; t < events; t++)
        {
            times[t] = (t == 0 ? 0 : times[t - 1]) + Math.Exp(spread * random.NextNormal());
            names[t] = marks == 0 ? "" : $"mark-{random.NextInt(marks)}";
        }
        return new EventSequence($"history-{seed}", times, marks == 0 ? null : names);
    }
}
