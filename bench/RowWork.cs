using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>The parts of a step that stay on the host, on the rows of a backend.</summary>
internal sealed class RowWork : IDisposable
{
    private readonly CpuStateBackend _backend;
    private readonly EventScorer _scorer;
    private readonly FusedModel _fused;
    private readonly RandomStream _random = new(DeviceCostBench.Seed);
    private readonly StepInput[] _inputs = new StepInput[DeviceCostBench.Batch];
    private readonly StepEvent[] _events = new StepEvent[DeviceCostBench.Batch];
    private readonly StepScore[] _scores = new StepScore[DeviceCostBench.Batch];
    private readonly float[] _gathered, _hidden;
    private readonly int[] _order = [.. Enumerable.Range(0, DeviceCostBench.Streams)];
    private readonly int _floats, _width;
    private int _next;

    public RowWork(ForecastModel model)
    {
        (_backend, _scorer, _fused) = (new CpuStateBackend(model), new EventScorer(model), new FusedModel(model));
        _backend.EnsureCapacity(DeviceCostBench.Streams);
        (_floats, _width) = (model.StateFloats, model.Config.Width);
        (_gathered, _hidden) = (new float[DeviceCostBench.Batch * _floats], new float[DeviceCostBench.Batch * _width]);
        _random.Shuffle<int>(_order);
    }

    public TimeSpan PackEvents() => TimedOnBatch(() =>
    {
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _events[i] = _fused.Event(_inputs[i], i);
        }
    });

    public TimeSpan Gather() => TimedOnBatch(() =>
    {
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _backend.Read(_inputs[i].Row, _gathered.AsSpan(i * _floats, _floats));
        }
    });

    public TimeSpan Scatter() => TimedOnBatch(() =>
    {
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _backend.Write(_inputs[i].Row, _gathered.AsSpan(i * _floats, _floats));
        }
    });

    /// <summary>From the hidden vectors at the gathered rows' ends, laid side by side first as the scorer takes them.</summary>
    public TimeSpan Score() => TimedOnBatch(() =>
    {
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _gathered.AsSpan((i + 1) * _floats - _width, _width).CopyTo(_hidden.AsSpan(i * _width, _width));
        }
        _scorer.Score(_inputs, _hidden, _scores);
    });

    public TimeSpan Step() => TimedOnBatch(() => _backend.Step(_inputs));

    public void Dispose()
    {
        _scorer.Dispose();
        _backend.Dispose();
    }

    /// <summary>The next rows of the order, all different.</summary>
    private TimeSpan TimedOnBatch(Action work)
    {
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _inputs[i] = new StepInput(_order[_next], i % 10, 0.1 + i % 7, 5, i % 10);
            _next = (_next + 1) % DeviceCostBench.Streams;
        }
        return DeviceCostBench.Timed(work);
    }
}
