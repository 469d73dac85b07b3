using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Torch.Tests;

/// <summary>Small random models and histories, each from a named seed.</summary>
internal static class TestModels
{
    public const int WeightsSeed = 81;

    public static ModelConfig Config(string mixer = "aaren", bool decay = true, int marks = 3, int width = 32, int heads = 4) => new()
    {
        Mixer = mixer,
        Decay = decay,
        Width = width,
        Heads = heads,
        GapFloor = 1e-6,
        GapCeiling = 1e6,
        LogGapMean = 0.2,
        LogGapDeviation = 1.3,
        Marks = [.. Enumerable.Range(0, marks).Select(i => $"mark-{i}")],
    };

    /// <summary>Untrained gains are 1 and biases 0, which would hide one that is left out: everything is moved a little.</summary>
    public static ForecastModel Create(ModelConfig config)
    {
        ForecastModel model = ForecastModel.Untrained(config, WeightsSeed);
        var random = new RandomStream(WeightsSeed, 1);
        foreach (Parameter p in model.Parameters)
        {
            for (int i = 0; i < p.Rows * p.Columns; i++)
            {
                model.Weights.Span[p.Offset + i / p.Columns * p.Stride + i % p.Columns] += (float)(0.1 * random.NextNormal());
            }
        }
        return model;
    }

    /// <summary>Log-normal gaps, marks of which one in ten is unknown; some gaps 0 where the model has ties.</summary>
    /// <param name="silence">What every twentieth gap is multiplied by.</param>
    public static EventSequence History(ModelConfig config, int events, int seed, double silence = 1)
    {
        var random = new RandomStream(seed);
        double[] times = new double[events];
        string[] marks = new string[events];
        for (int t = 0; t < events; t++)
        {
            double gap = config.Ties > 0 && random.NextInt(4) == 0 ? 0 : Math.Exp(random.NextNormal()) * (t % 20 == 9 ? silence : 1);
            times[t] = t == 0 ? 0 : times[t - 1] + (config.Resolution > 0 ? Math.Round(gap / config.Resolution) * config.Resolution : gap);
            marks[t] = random.NextInt(10) == 0 ? "never seen" : $"mark-{random.NextInt(Math.Max(1, config.Marks.Count))}";
        }
        return new EventSequence($"history-{seed}", times, config.Marks.Count == 0 ? null : marks)
        {
            Until = config.Censored ? times[^1] + Math.Exp(random.NextNormal()) : null,
        };
    }
}
