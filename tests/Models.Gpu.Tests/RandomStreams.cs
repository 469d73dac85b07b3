using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Gpu.Tests;

/// <summary>Streams that differ in all that a step looks at: young, old and very old, in batches of random size and order.</summary>
internal sealed class RandomStreams(ForecastModel model, int streams, int seed)
{
    /// <summary>Of every three streams one is new, one has seen 10^8 events, and one so many that the lower half of its ordinal
    /// is 0 again.</summary>
    private static readonly long[] s_ages = [0, 100_000_000, 1L << 32];

    private readonly RandomStream _random = new(seed);
    private readonly long[] _ordinals = [.. Enumerable.Range(0, streams).Select(i => s_ages[i % s_ages.Length])];

    /// <summary>Rows to begin with. Shape [streams, StateFloats].</summary>
    public float[] Rows()
    {
        int floats = model.StateFloats;
        float[] rows = new float[streams * floats];
        for (int i = 0; i < streams; i++)
        {
            Span<float> row = rows.AsSpan(i * floats, floats);
            model.State.WriteEmpty(row);
            if (_ordinals[i] > 0)
            {
                Age(row, (float)Math.Log(_ordinals[i]));
            }
        }
        return rows;
    }

    /// <summary>Events of some of the streams, in random order.</summary>
    public StepInput[] Batch()
    {
        int[] order = [.. Enumerable.Range(0, streams)];
        _random.Shuffle<int>(order);
        return [.. order.Take(1 + _random.NextInt(streams)).Select(Next)];
    }

    /// <summary>The same batch in another order.</summary>
    public StepInput[] Shuffled(StepInput[] batch)
    {
        StepInput[] other = [.. batch];
        _random.Shuffle<StepInput>(other);
        return other;
    }

    private StepInput Next(int row) => new(row, _random.NextInt(model.UnknownMark + 1), Gap(), _ordinals[row]++);

    private double Gap() => _random.NextInt(12) switch
    {
        0 => 0,
        1 => 1e-9,
        2 => 1e15,
        _ => Math.Exp(2 * _random.NextNormal()),
    };

    /// <summary>Averages of some size, and masses of so many events.</summary>
    private void Age(Span<float> row, float logMass)
    {
        NetworkTable network = new FusedModel(model).Network;
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (float)_random.NextNormal();
        }
        int averages = network.IsLinear != 0 ? network.Width * network.HeadWidth : network.Width;
        int masses = (network.LayerFloats - averages) / 2;
        for (int l = 0; l < network.Layers; l++)
        {
            Span<float> mass = row.Slice(l * network.LayerFloats + averages, 2 * masses);
            mass[..masses].Fill(logMass);
            mass[masses..].Fill(3e-7f);
        }
    }
}
