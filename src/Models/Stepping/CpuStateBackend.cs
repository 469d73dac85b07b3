using Foretell.Models.Inputs;
using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>State rows in this process's memory, stepped on the CPU.</summary>
public sealed unsafe class CpuStateBackend : IStateBackend
{
    private readonly ForecastModel _model;
    private readonly RowStore _rows;
    private readonly StepKernel _kernel;
    private readonly EventScorer _scorer;
    private readonly float[] _features, _missing;

    /// <summary>An empty slab.</summary>
    /// <param name="model">Model of the rows.</param>
    public CpuStateBackend(ForecastModel model)
    {
        _model = model;
        _rows = new RowStore(model.State);
        _kernel = new StepKernel(model);
        _scorer = new EventScorer(model);
        _features = model.Values is null ? [] : new float[RowTile.MaxRows * model.Layout.Inputs[0].Stride];
        _missing = new float[RowTile.MaxRows * model.ValueCount];
        Array.Fill(_missing, float.NaN);
    }

    /// <inheritdoc/>
    public int Capacity => _rows.Capacity;

    /// <inheritdoc/>
    public void EnsureCapacity(int rows) => _rows.EnsureCapacity(rows);

    /// <inheritdoc/>
    public Population? Population
    {
        get => _scorer.Population;
        set => _scorer.Population = value;
    }

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
            throw new ArgumentException(
                $"A state must be {_model.StateFloats} floats, or all {_rows.Floats(row)} of row {row}, got {state.Length}.",
                nameof(state));
        }
        _rows.Read(row, state);
    }

    /// <inheritdoc/>
    public void ReadBasis(int row, Span<float> basis)
    {
        CheckRow(row);
        new ReadOnlySpan<float>(_rows.Row(row) + _model.MixerFloats, _model.BasisFloats).CopyTo(basis);
    }

    /// <inheritdoc/>
    public void Write(int row, ReadOnlySpan<float> state)
    {
        CheckRow(row);
        _model.CheckState(state);
        _rows.Write(row, state);
    }

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
        Run(inputs, scores, values, Work.Score);

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default) =>
        Run(inputs, [], values, Work.Observe | Work.Advance);

    /// <inheritdoc/>
    /// <remarks>A tile's rows are scored and stepped while they are in the cache.</remarks>
    public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
        Run(inputs, scores, values, Work.Score | Work.Observe | Work.Advance);

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernel.Dispose();
        _scorer.Dispose();
        _rows.Dispose();
    }

    /// <summary>Scores the events that it steps.</summary>
    internal EventScorer Scorer => _scorer;

    /// <summary>A row's fixed part, for a backend that steps it elsewhere.</summary>
    internal float* Row(int row) => _rows.Row(row);

    /// <summary>All of a step but the network's: scores the events where scores are wanted, and has the rows' adaptation take them into
    /// account.</summary>
    /// <param name="scores">Shape [n], or empty.</param>
    internal void Observe(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores) =>
        Run(inputs, scores, default, scores.IsEmpty ? Work.Observe : Work.Score | Work.Observe);

    /// <summary>The network's part of a step alone.</summary>
    internal void Advance(ReadOnlySpan<StepInput> inputs) => Run(inputs, [], default, Work.Advance);

    /// <summary>Refuses a batch before any of it is applied.</summary>
    /// <exception cref="ArgumentException">A row or mark is out of range, or a gap is negative or not finite.</exception>
    internal void Check(ReadOnlySpan<StepInput> inputs)
    {
        foreach (ref readonly StepInput input in inputs)
        {
            CheckRow(input.Row);
            StepCheck.Event(_model, input);
        }
    }

    private void Run(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values, Work work)
    {
        bool score = work.HasFlag(Work.Score), observe = work.HasFlag(Work.Observe) && _model.Config.Adapt;
        if (score && scores.Length != inputs.Length)
        {
            throw new ArgumentException($"There must be a score for each event, got {scores.Length} for {inputs.Length} events.",
                nameof(scores));
        }
        Check(inputs);
        StepCheck.Values(_model, inputs.Length, values);
        int v = _model.ValueCount;
        Span<StepScore> unwanted = stackalloc StepScore[RowTile.MaxRows];
        float** rows = stackalloc float*[RowTile.MaxRows], tails = stackalloc float*[RowTile.MaxRows];
        for (int start = 0; start < inputs.Length; start += RowTile.MaxRows)
        {
            ReadOnlySpan<StepInput> tile = inputs.Slice(start, Math.Min(RowTile.MaxRows, inputs.Length - start));
            ReadOnlySpan<float> ofTile = values.IsEmpty ? _missing.AsSpan(0, tile.Length * v) : values.Slice(start * v, tile.Length * v);
            for (int i = 0; i < tile.Length; i++)
            {
                rows[i] = _rows.Row(tile[i].Row);
            }
            if (score || observe)
            {
                _scorer.Score(tile, ofTile, rows, score ? scores.Slice(start, tile.Length) : unwanted[..tile.Length], observe);
            }
            if (work.HasFlag(Work.Advance))
            {
                for (int i = 0; i < tile.Length; i++)
                {
                    tails[i] = _rows.TailForNext(tile[i].Row);
                }
                Advance(tile, ofTile, new RowTile(rows, tails));
            }
        }
    }

    /// <summary>Steps a tile, and has what the streams show of their values go along.</summary>
    private void Advance(ReadOnlySpan<StepInput> tile, ReadOnlySpan<float> values, RowTile rows)
    {
        if (_model.Values is not { } track)
        {
            _kernel.Advance(tile, rows);
            return;
        }
        int v = track.Count, stride = _model.Layout.Inputs[0].Stride;
        for (int i = 0; i < tile.Length; i++)
        {
            ValueInput.TakeIn(track, _model.State.Values(rows.Fixed[i]), values.Slice(i * v, v), _features.AsSpan(i * stride, stride));
        }
        fixed (float* features = _features)
        {
            _kernel.Advance(tile, rows, features);
        }
    }

    private void CheckRow(int row)
    {
        if ((uint)row >= (uint)Capacity)
        {
            throw new ArgumentException($"Row must be below the capacity {Capacity}, got {row}.");
        }
    }

    /// <summary>What is done with events and their rows.</summary>
    [Flags]
    private enum Work
    {
        /// <summary>The forecasts before the events are scored.</summary>
        Score = 1,

        /// <summary>The rows' adaptation takes the events into account.</summary>
        Observe = 2,

        /// <summary>The network steps.</summary>
        Advance = 4,
    }
}
