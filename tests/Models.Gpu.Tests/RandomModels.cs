using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Gpu.Tests;

/// <summary>Small models with random weights from a named seed.</summary>
internal static class RandomModels
{
    public const int WeightsSeed = 61;

    public static ForecastModel Create(string mixer = "aaren", bool decay = true, int width = 32, int heads = 4, int layers = 2)
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig
        {
            Mixer = mixer,
            Decay = decay,
            Width = width,
            Heads = heads,
            Layers = layers,
            GapFloor = 1e-6,
            GapCeiling = 1e6,
            LogGapMean = 0.2,
            LogGapDeviation = 1.3,
            Marks = ["a", "b", "c"],
        }, WeightsSeed);
        // Untrained gains are 1 and biases 0, which would hide one that is left out or taken from the wrong place.
        var random = new RandomStream(WeightsSeed, 1);
        foreach (Parameter p in model.Parameters.Where(p => p.Rows == 1))
        {
            for (int i = 0; i < p.Columns; i++)
            {
                model.Weights.Span[p.Offset + i] += (float)(0.3 * random.NextNormal());
            }
        }
        return model;
    }
}
