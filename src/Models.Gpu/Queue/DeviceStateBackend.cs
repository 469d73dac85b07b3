using Foretell.Models.Gpu.Fused;
using Foretell.Models.Mixers;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Queue;

/// <summary>State rows in this process's memory. Waves go to the device's queue, small ones and all others to the CPU's step: both
/// give the same bits.</summary>
/// <remarks>Scores are made of the rows' old hidden vectors while the device works on a copy.</remarks>
/// <param name="model">Model of the rows.</param>
/// <param name="queue">Of the process.</param>
/// <param name="leastWave">Waves of fewer events go to the CPU.</param>
/// <param name="onCpu">Told of events that the CPU stepped.</param>
internal sealed unsafe class DeviceStateBackend(FusedModel model, DeviceQueue queue, int leastWave, Action<int> onCpu) : IStateBackend
{
    private readonly CpuStateBackend _rows = new(model.Model);
    private readonly int _floats = model.Network.RowFloats;

    /// <inheritdoc/>
    public Population? Population
    {
        get => _rows.Population;
        set => _rows.Population = value;
    }

    /// <inheritdoc/>
    public int Capacity => _rows.Capacity;

    /// <inheritdoc/>
    public void EnsureCapacity(int rows) => _rows.EnsureCapacity(rows);

    /// <inheritdoc/>
    public int RowFloats(int row) => _rows.RowFloats(row);

    /// <inheritdoc/>
    public void Read(int row, Span<float> state) => _rows.Read(row, state);

    /// <inheritdoc/>
    public void ReadBasis(int row, Span<float> basis) => _rows.ReadBasis(row, basis);

    /// <inheritdoc/>
    public void Write(int row, ReadOnlySpan<float> state) => _rows.Write(row, state);

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
        _rows.Score(inputs, scores);

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default) => Run(inputs, [], score: false);

    /// <inheritdoc/>
    public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default)
    {
        if (scores.Length != inputs.Length)
        {
            throw new ArgumentException($"There must be a score for each event, got {scores.Length} for {inputs.Length} events.",
                nameof(scores));
        }
        Run(inputs, scores, score: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();

    private void Run(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, bool score)
    {
        if (inputs.Length < leastWave || queue.Problem is not null)
        {
            OnCpu(inputs, scores, score);
            return;
        }
        _rows.Check(inputs);
        for (int start = 0; start < inputs.Length; start += queue.Capacity)
        {
            int events = Math.Min(queue.Capacity, inputs.Length - start);
            OnDevice(inputs.Slice(start, events), score ? scores.Slice(start, events) : [], score);
        }
    }

    private void OnDevice(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, bool score)
    {
        if (queue.Reserve(inputs.Length) is not { } part)
        {
            OnCpu(inputs, scores, score);
            return;
        }
        bool isStepped;
        try
        {
            try
            {
                Gather(inputs, part);
            }
            finally
            {
                queue.Written(part);
            }
            _rows.Observe(inputs, score ? scores : []);
            isStepped = queue.Wait(part);
            if (isStepped)
            {
                Scatter(inputs, part);
            }
        }
        finally
        {
            queue.Release(part);
        }
        if (!isStepped)
        {
            _rows.Advance(inputs);
            onCpu(inputs.Length);
        }
    }

    private void OnCpu(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, bool score)
    {
        if (score)
        {
            _rows.ScoreAndStep(inputs, scores);
        }
        else
        {
            _rows.Step(inputs);
        }
        onCpu(inputs.Length);
    }

    /// <summary>Lays rows and events into the wave's part of the batch.</summary>
    private void Gather(ReadOnlySpan<StepInput> inputs, BatchPart part)
    {
        Span<float> rows = part.Batch.Lane.Rows.Slice(part.First * _floats, part.Events * _floats);
        var events = part.Batch.Lane.Events.Slice(part.First, part.Events);
        for (int i = 0; i < inputs.Length; i++)
        {
            new ReadOnlySpan<float>(_rows.Row(inputs[i].Row), _floats).CopyTo(rows.Slice(i * _floats, _floats));
            events[i] = model.Event(inputs[i], part.First + i);
        }
    }

    /// <summary>Takes the rows out of the wave's part.</summary>
    private void Scatter(ReadOnlySpan<StepInput> inputs, BatchPart part)
    {
        ReadOnlySpan<float> rows = part.Batch.Lane.Rows.Slice(part.First * _floats, part.Events * _floats);
        for (int i = 0; i < inputs.Length; i++)
        {
            rows.Slice(i * _floats, _floats).CopyTo(new Span<float>(_rows.Row(inputs[i].Row), _floats));
        }
    }
}
