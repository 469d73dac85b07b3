using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Backends.Contract;

/// <summary>Streams that differ in all that a step looks at: young, old and very old ones; known and unknown marks; gaps from 0 to
/// beyond every decay. In batches of random order.</summary>
/// <param name="model">Model of the rows.</param>
/// <param name="streams">Streams, a row each.</param>
/// <param name="seed">Seed of every choice.</param>
public sealed class RandomStreams(ForecastModel model, int streams, int seed)
{
    /// <summary>Of every four streams one is new, one has more events than a float can count, one 10^8, and one so many that the
    /// lower half of its ordinal is 0 again.</summary>
    private static readonly long[] s_ages = [0, (1 << 24) + 1, 100_000_000, 1L << 32];

    private readonly RandomStream _random = new(seed);
    private readonly long[] _ordinals = [.. Enumerable.Range(0, streams).Select(i => s_ages[i % s_ages.Length])];

    /// <summary>Streams.</summary>
    public int Count => streams;

    /// <summary>The rows to begin with. Shape of each [StateFloats].</summary>
    public float[][] Rows()
    {
        float[][] rows = new float[streams][];
        for (int i = 0; i < streams; i++)
        {
            rows[i] = new float[model.StateFloats];
            model.State.WriteEmpty(rows[i]);
            if (_ordinals[i] > 0)
            {
                Age(rows[i], (float)Math.Log(_ordinals[i]));
            }
        }
        return rows;
    }

    /// <summary>The next event of every stream, in random order.</summary>
    public StepInput[] Next() => Shuffled([.. Enumerable.Range(0, streams).Select(Next)]);

    /// <summary>The rows to begin with, side by side. Shape [streams, StateFloats].</summary>
    public float[] Slab() => [.. Rows().SelectMany(row => row)];

    /// <summary>The next events of some of the streams, in random order.</summary>
    public StepInput[] Some()
    {
        int[] order = [.. Enumerable.Range(0, streams)];
        _random.Shuffle<int>(order);
        return [.. order.Take(1 + _random.NextInt(streams)).Select(Next)];
    }

    /// <summary>The same events in another order.</summary>
    public StepInput[] Shuffled(StepInput[] events)
    {
        StepInput[] other = [.. events];
        _random.Shuffle<StepInput>(other);
        return other;
    }

    /// <summary>The same events in pieces of random size and order.</summary>
    public IEnumerable<StepInput[]> Cut(StepInput[] events)
    {
        StepInput[] order = Shuffled(events);
        for (int start = 0; start < order.Length;)
        {
            int end = start + 1 + _random.NextInt(order.Length - start);
            yield return order[start..end];
            start = end;
        }
    }

    private StepInput Next(int row) =>
        new(row, _random.NextInt(model.UnknownMark + 1), Gap(), _ordinals[row]++, _random.NextInt(model.UnknownMark + 2) - 1);

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
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (float)_random.NextNormal();
        }
        int width = model.Config.Width, heads = model.Config.Heads;
        bool isLinear = model.Config.Mixer == "linear";
        int averages = isLinear ? width * (width / heads) : width, masses = isLinear ? width : heads;
        foreach (LayerParameters layer in model.Layout.Layers)
        {
            Span<float> mass = row.Slice(layer.Mixer.StateOffset + averages, 2 * masses);
            mass[..masses].Fill(logMass);
            mass[masses..].Fill(3e-7f);
        }
    }
}
