namespace Foretell.Models;

/// <summary>State rows in this process's memory, stepped on the CPU.</summary>
internal sealed unsafe class CpuStateBackend : IStateBackend
{
    private readonly ForecastModel _model;
    private readonly RowStore _rows;
    private readonly StepKernel _kernel;
    private readonly EventScorer _scorer;

    public CpuStateBackend(ForecastModel model)
    {
        _model = model;
        _rows = new RowStore(model.State);
        _kernel = new StepKernel(model);
        _scorer = new EventScorer(model);
    }

    /// <inheritdoc/>
    public int Capacity => _rows.Capacity;

    /// <inheritdoc/>
    public void EnsureCapacity(int rows) => _rows.EnsureCapacity(rows);

    /// <inheritdoc/>
    public int RowFloats(int row)
    {
        CheckRow(row);
        return _rows.Floats(row);
    }

    /// <inheritdoc/>
    public void Read(int row, Span<float> state)
    {
        CheckRow(row);
        if (state.Length != _model.StateFloats && state.Length != _rows.Floats(row))
        {
            throw new ArgumentException($"A state must be {_model.StateFloats} floats, or all {_rows.Floats(row)} of row {row}, got {state.Length}.", nameof(state));
        }
        _rows.Read(row, state);
    }

    /// <inheritdoc/>
    public void ReadHidden(int row, Span<float> hidden)
    {
        CheckRow(row);
        new ReadOnlySpan<float>(_rows.Row(row) + _model.MixerFloats, _model.Config.Width).CopyTo(hidden);
    }

    /// <inheritdoc/>
    public void Write(int row, ReadOnlySpan<float> state)
    {
        CheckRow(row);
        _model.CheckState(state);
        _rows.Write(row, state);
    }

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores)
    {
        if (!scores.IsEmpty && scores.Length != inputs.Length)
        {
            throw new ArgumentException($"Scores must be empty or one an event, got {scores.Length} for {inputs.Length} events.", nameof(scores));
        }
        float** rows = stackalloc float*[StepKernel.TileRows], tails = stackalloc float*[StepKernel.TileRows];
        for (int start = 0; start < inputs.Length; start += StepKernel.TileRows)
        {
            ReadOnlySpan<StepInput> tile = inputs.Slice(start, Math.Min(StepKernel.TileRows, inputs.Length - start));
            for (int i = 0; i < tile.Length; i++)
            {
                rows[i] = _rows.Row(Check(tile[i]));
                tails[i] = _rows.TailForNext(tile[i].Row);
            }
            if (!scores.IsEmpty)
            {
                _scorer.Score(tile, rows, scores.Slice(start, tile.Length));
            }
            _kernel.Advance(tile, new RowTile(rows, tails));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernel.Dispose();
        _scorer.Dispose();
        _rows.Dispose();
    }

    private int Check(in StepInput input)
    {
        CheckRow(input.Row);
        if ((uint)input.Mark > (uint)_model.UnknownMark)
        {
            throw new ArgumentException($"Mark must be 0 to {_model.UnknownMark}, got {input.Mark} (row {input.Row}).");
        }
        if (!(input.Gap >= 0 && input.Gap < float.MaxValue) || input.Ordinal < 0)
        {
            throw new ArgumentException($"Gap must be 0 or more and ordinal not negative, got {input.Gap} and {input.Ordinal} (row {input.Row}).");
        }
        return input.Row;
    }

    private void CheckRow(int row)
    {
        if ((uint)row >= (uint)Capacity)
        {
            throw new ArgumentException($"Row must be below the capacity {Capacity}, got {row}.");
        }
    }
}
