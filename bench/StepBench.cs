using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>The recurrent form over 100,000 rows visited in random order.</summary>
internal static class StepBench
{
    private const int Seed = 1, Rows = 100_000, Marks = 10;

    public static async Task RunAsync()
    {
        foreach ((int width, int layers) in new[] { (32, 2), (64, 2), (128, 4) })
        {
            ForecastModel model = ForecastModel.Untrained(Config(width, layers), Seed);
            using IStateBackend backend = new CpuStateBackend(model);
            backend.EnsureCapacity(Rows);
            foreach ((int batch, bool scored) in new[] { (1, false), (64, false), (512, false), (512, true) })
            {
                var random = new RandomStream(Seed);
                int[] order = [.. Enumerable.Range(0, Rows)];
                random.Shuffle<int>(order);
                var inputs = new StepInput[batch];
                var scores = new StepScore[scored ? batch : 0];
                int next = 0;
                await Meter.RateAsync($"d={width} L={layers} batch {batch}{(scored ? " scored" : "")}", () =>
                {
                    for (int i = 0; i < batch; i++)
                    {
                        inputs[i] = new StepInput(order[next], i % Marks, 0.1 + i % 7, 5, i % Marks);
                        next = (next + 1) % Rows;
                    }
                    if (scored)
                    {
                        backend.ScoreAndStep(inputs, scores);
                    }
                    else
                    {
                        backend.Step(inputs);
                    }
                    return batch;
                });
            }
        }
    }

    public static ModelConfig Config(int width, int layers) => new()
    {
        Width = width,
        Layers = layers,
        Heads = width >= 128 ? 8 : 4,
        Marks = [.. Enumerable.Range(0, Marks).Select(i => $"mark-{i}")],
    };
}
