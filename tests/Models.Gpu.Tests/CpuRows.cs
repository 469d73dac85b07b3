using System.Runtime.InteropServices;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests;

/// <summary>What the CPU's step makes of the same rows.</summary>
internal sealed class CpuRows : IDisposable
{
    private readonly CpuStateBackend _backend;
    private readonly float[] _row;

    public CpuRows(ForecastModel model, float[] rows)
    {
        _backend = new CpuStateBackend(model);
        _row = new float[model.StateFloats];
        int streams = rows.Length / _row.Length;
        _backend.EnsureCapacity(streams);
        for (int i = 0; i < streams; i++)
        {
            _backend.Write(i, rows.AsSpan(i * _row.Length, _row.Length));
        }
    }

    public void Step(StepInput[] inputs) => _backend.Step(inputs);

    /// <summary>Holds the rows of a batch to the CPU's, bit for bit.</summary>
    public void AssertSame(float[] rows, StepInput[] inputs)
    {
        foreach (StepInput input in inputs)
        {
            _backend.Read(input.Row, _row);
            ReadOnlySpan<uint> expected = MemoryMarshal.Cast<float, uint>(_row),
                actual = MemoryMarshal.Cast<float, uint>(rows.AsSpan(input.Row * _row.Length, _row.Length));
            int same = expected.CommonPrefixLength(actual);
            Assert.True(same == expected.Length, $"Float {same} of {expected.Length} differs after {input}.");
        }
    }

    public void Dispose() => _backend.Dispose();
}
