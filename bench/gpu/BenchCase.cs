using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Weights;

namespace Foretell.Bench.Gpu;

/// <summary>One model that the kernel is checked and timed with.</summary>
/// <param name="Mixer">aaren or linear.</param>
/// <param name="Width">Hidden width d.</param>
/// <param name="Layers">Layers L.</param>
/// <param name="Heads">Heads H of a layer.</param>
internal sealed record BenchCase(string Mixer, int Width, int Layers, int Heads)
{
    private const int Marks = 10, WeightsSeed = 71;

    /// <summary>The sizes that the other benches take, and one model of the other mixer.</summary>
    public static IReadOnlyList<BenchCase> All { get; } =
        [new("aaren", 32, 2, 4), new("aaren", 64, 2, 4), new("aaren", 128, 4, 8), new("linear", 32, 2, 4)];

    /// <summary>Name of the case, and of its file.</summary>
    public string Name => $"{Mixer}-{Width}";

    /// <summary>The model: random weights, no gain 1 and no bias 0, so that a tensor taken from the wrong place shows.</summary>
    public ForecastModel Model()
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig
        {
            Mixer = Mixer,
            Width = Width,
            Layers = Layers,
            Heads = Heads,
            LogGapMean = 0.2,
            LogGapDeviation = 1.3,
            Marks = [.. Enumerable.Range(0, Marks).Select(i => $"mark-{i}")],
        }, WeightsSeed);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            // Only a model's file can be changed: the model in memory cannot.
            model.Save(path);
            SafeTensors file = SafeTensors.Read(path);
            var random = new RandomStream(WeightsSeed, 1);
            foreach (string vector in model.Parameters.Where(p => p.Rows == 1).Select(p => p.Name))
            {
                float[] values = file.Tensors[vector].ToFloats();
                file.Tensors[vector] = Tensor.Of(Array.ConvertAll(values, x => x + (float)(0.3 * random.NextNormal())));
            }
            file.Write(path);
            return ForecastModel.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Floating-point operations of one step: a multiplication and an addition for each weight of the layers' matrices.
    /// Normalisations, the mixer's own arithmetic and exponentials are left out, so a floor made of it is low.</summary>
    public static long Operations(ForecastModel model) => 2 * model.Parameters
        .Where(p => p.Rows > 1 && p.Name.StartsWith("layer.", StringComparison.Ordinal)).Sum(p => (long)p.Rows * p.Columns);
}
