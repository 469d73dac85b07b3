using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>The step by mixer, d=64 with two layers: 1,000 rows that have seen 1,000 events each, and what a row takes.</summary>
internal static class MixerBench
{
    private const int Seed = 1, Rows = 1000, Batch = 200, Seen = 1000;

    public static async Task RunAsync()
    {
        foreach ((string mixer, int states) in new[]
        {
            ("aaren", 0), ("linear", 0), ("window", 64), ("tova", 16), ("tova", 64), ("tova", 128), ("h2o", 64), ("softmax", 0),
                ("aaren", 0),
        })
        {
            ForecastModel model = ForecastModel.Untrained(StepBench.Config(64, 2) with { Mixer = mixer, States = states }, Seed);
            using IStateBackend backend = new CpuStateBackend(model);
            backend.EnsureCapacity(Rows);
            // One row lives through the events, and the others are its copies.
            for (int t = 0; t < Seen; t++)
            {
                backend.Step([Input(0, t)]);
            }
            float[] state = new float[backend.RowFloats(0)];
            backend.Read(0, state);
            for (int row = 1; row < Rows; row++)
            {
                backend.Write(row, state);
            }
            var inputs = new StepInput[Batch];
            int next = 0, ordinal = Seen;
            string name = $"{mixer}{(states > 0 ? $" {states}" : "")}, {model.StateBytesAfter(Seen):N0} bytes";
            await Meter.RateAsync(name, () =>
            {
                for (int i = 0; i < Batch; i++)
                {
                    inputs[i] = Input((next + i) % Rows, ordinal);
                }
                next = (next + Batch) % Rows;
                ordinal += next == 0 ? 1 : 0;
                backend.Step(inputs);
                return Batch;
            });
        }
    }

    private static StepInput Input(int row, int ordinal) => new(row, (row + ordinal) % 10, 0.1 + (row + 3 * ordinal) % 7, ordinal);
}
