using Foretell.Ingest.Simulation;
using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Support;

/// <summary>Small files to run the program on.</summary>
public static class Workload
{
    /// <summary>Seed of the simulated events.</summary>
    private const long Seed = 20261;

    private static readonly DateTimeOffset s_start = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes simulated events and returns the file's path.</summary>
    public static string Events(TemporaryFolder folder, int streams, int events, string name = "events.ndjson")
    {
        string path = folder.At(name);
        SimulationFile.Write(path, Simulator.Create("demo", streams, Seed, s_start).Events().Take(events));
        return path;
    }

    /// <summary>Writes a small model with random weights and returns its path.</summary>
    /// <param name="folder">Where it is written.</param>
    /// <param name="timeUnitSeconds">Seconds per unit of its times.</param>
    /// <param name="mixer">Attention part of a layer.</param>
    /// <param name="values">Whether it reads an amount and a temperature, and tells bots from humans.</param>
    public static string Model(TemporaryFolder folder, double timeUnitSeconds = 1, string mixer = "aaren", bool values = false)
    {
        string path = folder.At("model.safetensors");
        ForecastModel.Untrained(new ModelConfig
        {
            Width = 32,
            Layers = 1,
            Heads = 2,
            Mixer = mixer,
            Components = 16,
            TimeUnitSeconds = timeUnitSeconds,
            LogGapMean = 3,
            LogGapDeviation = 1.5,
            Marks = ["view", "cart", "buy", "ok", "warn", "fault", "debit", "credit"],
            Values = values ? Small.Valued.Config.Values : null,
            ForecastsValues = values,
            Labels = values ? Small.Valued.Config.Labels : null,
        }, seed: 7).Save(path);
        return path;
    }
}
