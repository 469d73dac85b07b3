using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
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

    /// <summary>Tensors by name, as <see cref="Reference.ReferenceNetwork"/> takes them.</summary>
    public static Dictionary<string, double[]> Tensors(ParameterLayout layout, ReadOnlySpan<float> weights)
    {
        var tensors = new Dictionary<string, double[]>();
        foreach (Parameter p in layout.All)
        {
            double[] values = tensors[p.Name] = new double[p.Rows * p.Columns];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = weights[Place(p, i)];
            }
        }
        return tensors;
    }

    /// <summary>Where an element of a tensor lies in the weights: rows are padded.</summary>
    public static int Place(Parameter p, int index) => p.Offset + index / p.Columns * p.Stride + index % p.Columns;

    /// <summary>The configuration with forecasts of so many values: some read as they are, some as logarithms.</summary>
    public static ModelConfig WithValues(this ModelConfig config, int values) => values == 0 ? config : config with
    {
        ForecastsValues = true,
        Values =
        [
            .. Enumerable.Range(0, values).Select(i => i % 2 == 0
                ? new ValueScale($"v{i}", 2 + i, 0.5 + i) { Within = 0.6, Share = 0.8 }
                : new ValueScale($"v{i}", 1, 0.9) { Floor = 1e-3, Within = 0.3 }),
        ],
    };

    /// <summary>The history with values about a level of its own, as the configuration has them.</summary>
    /// <param name="holes">Whether every fifth is missing.</param>
    public static EventSequence WithValues(this EventSequence history, ModelConfig config, bool holes = true, int seed = HistorySeed)
    {
        var random = new RandomStream(seed, 1);
        return history with
        {
            Values = config.Values?.ToDictionary(scale => scale.Name, scale =>
            {
                double level = random.NextNormal();
                return Array.ConvertAll(history.Times, _ => holes && random.NextInt(5) == 0 ? double.NaN
                    : scale.Value(level + scale.Within * random.NextNormal()));
            }),
        };
    }

    /// <summary>The mixture of a value's u that all streams together have.</summary>
    public static NormalMixture Anchor(ValueMixture mixture) =>
        new(mixture.AnchorLogWeight.ToArray(), mixture.AnchorMean.ToArray(), mixture.AnchorDeviation.ToArray());

    /// <summary>The model's mixture over z that knows no history.</summary>
    public static NormalMixture Anchor(ForecastModel model) =>
        new(model.TimeHead.AnchorLogWeight.ToArray(), model.TimeHead.AnchorMean.ToArray(), model.TimeHead.AnchorDeviation.ToArray());

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
