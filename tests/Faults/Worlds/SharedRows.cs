using Foretell.Engine.Rows;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>The processor as a device whose slabs are used again: to begin one takes 4 MiB, far more than the rows of a schedule, and
/// took a sixth of its time.</summary>
internal sealed class SharedRows : IStepDevice
{
    /// <summary>Of <see cref="Small.Valued"/>.</summary>
    public static readonly SharedRows Device = new(Small.Valued);

    /// <summary>The model on it, its streams sharing what they show together: no row may depend on that.</summary>
    public static readonly ServingModel Serving = new(Small.Valued, Device, shares: true);

    private readonly List<Rows> _all = [];
    private readonly ForecastModel _model;
    private int _used;

    private SharedRows(ForecastModel model) => _model = model;

    /// <inheritdoc/>
    public string Arithmetic => StepArithmetic.Exact;

    /// <inheritdoc/>
    public int SliceRecords => CpuDevice.Slice;

    /// <summary>From now on every slab is free: those who had them have come to their end.</summary>
    public void Reclaim() => _used = 0;

    /// <inheritdoc/>
    public IStateBackend OpenBackend()
    {
        if (_used == _all.Count)
        {
            _all.Add(new Rows(new CpuStateBackend(_model), _model.StateFloats));
        }
        Rows rows = _all[_used++];
        rows.Clear();
        return rows;
    }

    /// <inheritdoc/>
    public DeviceReport Report() => new(CpuDevice.Name);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The process's.
    }

    private sealed class Rows : IStateBackend
    {
        private readonly CpuStateBackend _rows;
        private readonly float[] _empty;

        public Rows(CpuStateBackend rows, int floats)
        {
            (_rows, _empty) = (rows, new float[floats]);
            rows.EnsureCapacity(1);
            rows.Read(0, _empty);
        }

        public Population? Population
        {
            get => _rows.Population;
            set => _rows.Population = value;
        }

        /// <summary>As many rows as were asked for, so that these are the ones to be emptied.</summary>
        public int Capacity { get; private set; }

        public void Clear()
        {
            for (int row = 0; row < Capacity; row++)
            {
                _rows.Write(row, _empty);
            }
            Capacity = 0;
        }

        public void EnsureCapacity(int rows)
        {
            Capacity = Math.Max(Capacity, rows);
            _rows.EnsureCapacity(rows);
        }

        public int RowFloats(int row) => _rows.RowFloats(row);

        public void Read(int row, Span<float> state) => _rows.Read(row, state);

        public void ReadBasis(int row, Span<float> basis) => _rows.ReadBasis(row, basis);

        public void Write(int row, ReadOnlySpan<float> state) => _rows.Write(row, state);

        public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
            _rows.Score(inputs, scores, values);

        public void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default) => _rows.Step(inputs, values);

        public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default) =>
            _rows.ScoreAndStep(inputs, scores, values);

        public void Dispose()
        {
            // The device's, which has it for the next.
        }
    }
}
