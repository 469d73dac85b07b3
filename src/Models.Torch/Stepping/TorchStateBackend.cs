using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;

namespace Foretell.Models.Torch.Stepping;

/// <summary>State rows in this process's memory, stepped by Torch on a device; scores are the CPU's.</summary>
/// <remarks>
/// Rows agree with the CPU's within 1e-6 of their norm after 1,000 events, not bit for bit (TorchStateBackendTests). Torch chooses its
/// routines by shape, so a row's bits would depend on the batch that it was in; every batch has one shape here, padded, and they
/// do not: law 5 holds among the machines and libraries that compute alike, under the name of an arithmetic of their own
/// (<see cref="TorchStepDevice"/>).
/// </remarks>
public sealed class TorchStateBackend : IStateBackend
{
    /// <summary>Rows of the one shape: as many as a shard's slice has.</summary>
    internal const int BatchRows = 256;

    private readonly ForecastModel _model;
    private readonly CpuStateBackend _rows;
    private readonly TorchStep _step;
    private readonly float[] _empty, _state, _gaps = new float[2 * BatchRows];
    private readonly long[] _events = new long[3 * BatchRows];

    /// <summary>An empty slab.</summary>
    /// <param name="model">Model of the rows, of mixer aaren or linear.</param>
    /// <param name="device">Where it is stepped.</param>
    /// <exception cref="NotSupportedException">The mixer's state is not of that kind.</exception>
    public TorchStateBackend(ForecastModel model, TorchDevice device)
    {
        if (model.Config.Mixer is not ("aaren" or "linear"))
        {
            throw new NotSupportedException(
                $"Torch steps models of mixer aaren or linear, and this one has {model.Config.Mixer}; the CPU steps it.");
        }
        (_model, _rows, _step) = (model, new CpuStateBackend(model), new TorchStep(model, device));
        _rows.EnsureCapacity(1);
        _empty = Row(0).ToArray();
        _state = new float[BatchRows * model.State.StepFloats];
    }

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
    public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default)
    {
        _rows.Observe(inputs, []);
        Advance(inputs);
    }

    /// <inheritdoc/>
    public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default)
    {
        _rows.Observe(inputs, scores);
        Advance(inputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _step.Dispose();
        _rows.Dispose();
    }

    /// <summary>The network's part of a step. Rows of a batch are written back once all of it is there.</summary>
    private void Advance(ReadOnlySpan<StepInput> inputs)
    {
        int floats = _model.State.StepFloats;
        for (int start = 0; start < inputs.Length; start += BatchRows)
        {
            ReadOnlySpan<StepInput> batch = inputs.Slice(start, Math.Min(BatchRows, inputs.Length - start));
            Gather(batch);
            _step.Run(_state, _events, _gaps);
            for (int i = 0; i < batch.Length; i++)
            {
                _state.AsSpan(i * floats, floats).CopyTo(Row(batch[i].Row));
            }
        }
    }

    private unsafe Span<float> Row(int row) => new(_rows.Row(row), _model.State.StepFloats);

    /// <summary>Rows and events of a batch, and behind them first events of empty rows.</summary>
    private void Gather(ReadOnlySpan<StepInput> batch)
    {
        int floats = _model.State.StepFloats;
        ModelConfig config = _model.Config;
        for (int i = 0; i < BatchRows; i++)
        {
            Span<float> state = _state.AsSpan(i * floats, floats);
            StepInput input = i < batch.Length ? batch[i] : default;
            if (i < batch.Length)
            {
                Row(input.Row).CopyTo(state);
            }
            else
            {
                _empty.CopyTo(state);
            }
            _events[3 * i] = input.Mark;
            // The dither's hash takes the lower half of the ordinal, in 32 bits.
            _events[3 * i + 1] = unchecked((int)input.Ordinal);
            _events[3 * i + 2] = input.Ordinal == 0 ? 1 : 0;
            _gaps[2 * i] = (float)input.Gap;
            _gaps[2 * i + 1] = (float)GapInterval.StandardiseFloored(input.Gap, config);
        }
    }
}
