using Foretell.Models.Mixers;
using Foretell.Models.Stepping;

namespace Foretell.Hosting.Tests;

/// <summary>A backend from outside the library: scores, then steps, and counts its steps.</summary>
internal sealed class PlainBackend(IStateBackend rows) : IStateBackend
{
    private long _stepped;

    public long Stepped => Volatile.Read(ref _stepped);

    public Population? Population
    {
        get => rows.Population;
        set => rows.Population = value;
    }

    public int Capacity => rows.Capacity;

    public void EnsureCapacity(int count) => rows.EnsureCapacity(count);

    public int RowFloats(int row) => rows.RowFloats(row);

    public void Read(int row, Span<float> state) => rows.Read(row, state);

    public void ReadBasis(int row, Span<float> basis) => rows.ReadBasis(row, basis);

    public void Write(int row, ReadOnlySpan<float> state) => rows.Write(row, state);

    public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
        rows.Score(inputs, scores, values);

    public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default)
    {
        rows.Step(inputs, values);
        Interlocked.Add(ref _stepped, inputs.Length);
    }

    public void Dispose() => rows.Dispose();
}
