using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench.Gpu;

/// <summary>Streams that differ in all that a step looks at, the batches of their events, and what the CPU makes of them.</summary>
/// <remarks>Of every three streams one is new, one has seen 10^8 events, and one so many that the lower half of its ordinal is 0
/// again. Gaps go from 0 to 10^15, marks are known and unknown, a batch has its rows in random order.</remarks>
internal sealed class BenchStreams : IDisposable
{
    private const int Seed = 72;
    private static readonly long[] s_ages = [0, 100_000_000, 1L << 32];

    private readonly FusedModel _model;
    private readonly RandomStream _random = new(Seed);
    private readonly long[] _ordinals;
    private readonly CpuStateBackend _cpu;

    /// <param name="model">Model of the rows.</param>
    /// <param name="streams">Streams, each a row.</param>
    public BenchStreams(FusedModel model, int streams)
    {
        _model = model;
        _ordinals = [.. Enumerable.Range(0, streams).Select(i => s_ages[i % s_ages.Length])];
        _cpu = new CpuStateBackend(model.Model);
        _cpu.EnsureCapacity(streams);
        float[] row = new float[model.Model.StateFloats];
        for (int i = 0; i < streams; i++)
        {
            if (_ordinals[i] > 0)
            {
                Age(row, (float)Math.Log(_ordinals[i]));
                _cpu.Write(i, row);
            }
        }
    }

    /// <summary>The rows as they are now. Shape [streams, StateFloats].</summary>
    public float[] Rows()
    {
        int floats = _model.Model.StateFloats;
        float[] rows = new float[_ordinals.Length * floats];
        for (int i = 0; i < _ordinals.Length; i++)
        {
            _cpu.Read(i, rows.AsSpan(i * floats, floats));
        }
        return rows;
    }

    /// <summary>Steps the rows by one event of most streams.</summary>
    /// <returns>The events as the kernel reads them; their rows are distinct.</returns>
    public StepEvent[] Step()
    {
        int[] order = [.. Enumerable.Range(0, _ordinals.Length)];
        _random.Shuffle<int>(order);
        StepInput[] inputs = [.. order.Take(order.Length - _random.NextInt(order.Length / 2)).Select(Next)];
        _cpu.Step(inputs);
        return Array.ConvertAll(inputs, input => _model.Event(input, input.Row));
    }

    /// <inheritdoc/>
    public void Dispose() => _cpu.Dispose();

    private StepInput Next(int row) => new(row, _random.NextInt(_model.Model.UnknownMark + 1), Gap(), _ordinals[row]++);

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
        NetworkTable network = _model.Network;
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
