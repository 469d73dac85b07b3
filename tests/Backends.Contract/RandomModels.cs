using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Backends.Contract;

/// <summary>Small models with random weights from a named seed.</summary>
public static class RandomModels
{
    /// <summary>Seed of every model's weights.</summary>
    public const int WeightsSeed = 91;

    /// <summary>A model of three marks.</summary>
    /// <param name="mixer">aaren or linear.</param>
    /// <param name="decay">Whether heads forget.</param>
    /// <param name="heads">Heads of a layer's columns: with 4 of 32 they are narrower than a vector.</param>
    /// <param name="width">Columns of a layer.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="adapt">Whether rows keep what a stream has shown of its own.</param>
    public static ForecastModel Create(string mixer = "aaren", bool decay = true, int width = 32, int heads = 4, int layers = 2,
        bool adapt = false)
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig
        {
            Mixer = mixer,
            Decay = decay,
            Width = width,
            Heads = heads,
            GapFloor = 1e-6,
            GapCeiling = 1e6,
            LogGapMean = 0.2,
            LogGapDeviation = 1.3,
            Marks = ["a", "b", "c"],
            Adapt = adapt,
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
