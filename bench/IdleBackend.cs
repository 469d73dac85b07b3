using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>Rows that nothing steps or scores: what a shard costs without that.</summary>
internal sealed class IdleBackend(ForecastModel model) : IStateBackend
{
    public Population? Population { get; set; }

    public int Capacity { get; private set; }

    public void EnsureCapacity(int rows) => Capacity = Math.Max(Capacity, Math.Max(2 * Capacity, rows));

    public int RowFloats(int row) => model.StateFloats;

    public void Read(int row, Span<float> state) => state.Clear();

    public void ReadBasis(int row, Span<float> basis) => basis.Clear();

    public void Write(int row, ReadOnlySpan<float> state)
    {
    }

    public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default)
    {
    }

    public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default)
    {
    }

    public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default)
    {
    }

    public void Dispose()
    {
    }
}
