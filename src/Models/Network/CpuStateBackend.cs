namespace Foretell.Models;

/// <summary>State rows in this process's memory, stepped on the CPU.</summary>
/// <remarks>Rows lie in blocks of fixed size, so the slab grows without copying and rows never move.</remarks>
internal sealed unsafe class CpuStateBackend : IStateBackend
{
    private const int BlockShift = 12, BlockRows = 1 << BlockShift;
    private readonly ForecastModel _model;
    private readonly StateLayout _layout;
    private readonly StepKernel _kernel;
    private readonly EventScorer _scorer;
    private readonly int _stride;
    private readonly List<AlignedBuffer> _blocks = [];

    public CpuStateBackend(ForecastModel model)
    {
        _model = model;
        _layout = new StateLayout(model.Config, model.Layout);
        _kernel = new StepKernel(model.Config, model.Layout, model.Weights);
        _scorer = new EventScorer(model);
        _stride = (_layout.Floats + 15) / 16 * 16;
    }

    /// <inheritdoc/>
    public int Capacity => _blocks.Count << BlockShift;

    /// <inheritdoc/>
    public void EnsureCapacity(int rows)
    {
        while (Capacity < rows)
        {
            var block = new AlignedBuffer((long)_stride << BlockShift);
            for (int i = 0; i < BlockRows; i++)
            {
                _layout.WriteEmpty(new Span<float>(block.Pointer + (nint)i * _stride, _layout.Floats));
            }
            _blocks.Add(block);
        }
    }

    /// <inheritdoc/>
    public void Read(int row, Span<float> state)
    {
        Check(row, state.Length);
        new ReadOnlySpan<float>(At(row), _layout.Floats).CopyTo(state);
    }

    /// <inheritdoc/>
    public void Write(int row, ReadOnlySpan<float> state)
    {
        Check(row, state.Length);
        state.CopyTo(new Span<float>(At(row), _layout.Floats));
    }

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores)
    {
        if (!scores.IsEmpty && scores.Length != inputs.Length)
        {
            throw new ArgumentException($"Scores must be empty or one an event, got {scores.Length} for {inputs.Length} events.", nameof(scores));
        }
        float** rows = stackalloc float*[StepKernel.TileRows];
        for (int start = 0; start < inputs.Length; start += StepKernel.TileRows)
        {
            ReadOnlySpan<StepInput> tile = inputs.Slice(start, Math.Min(StepKernel.TileRows, inputs.Length - start));
            for (int i = 0; i < tile.Length; i++)
            {
                rows[i] = At(Check(tile[i]));
            }
            if (!scores.IsEmpty)
            {
                _scorer.Score(tile, rows, scores.Slice(start, tile.Length));
            }
            _kernel.Advance(tile, rows);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernel.Dispose();
        _scorer.Dispose();
        _blocks.ForEach(b => b.Dispose());
        _blocks.Clear();
    }

    private float* At(int row) => _blocks[row >> BlockShift].Pointer + (nint)(row & (BlockRows - 1)) * _stride;

    private int Check(in StepInput input)
    {
        if ((uint)input.Row >= (uint)Capacity)
        {
            throw new ArgumentException($"Row must be below the capacity {Capacity}, got {input.Row}.");
        }
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

    private void Check(int row, int length)
    {
        if ((uint)row >= (uint)Capacity || length != _layout.Floats)
        {
            throw new ArgumentException($"Row must be below the capacity {Capacity} and the state {_layout.Floats} floats, got row {row} and {length} floats.");
        }
    }
}
