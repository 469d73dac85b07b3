using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using Foretell.Models.Stepping;
using ILGPU;
using ILGPU.Runtime;

namespace Foretell.Models.Gpu.Fused;

/// <summary>The step on one accelerator of ILGPU: the kernel and the model's tensors, and lanes that batches run in.</summary>
/// <remarks>
/// Written to give the bits of <c>CpuStateBackend</c>. Tests hold ILGPU's CPU accelerator to that; no GPU has run it yet.
/// </remarks>
public sealed class FusedStep : IAccelerator
{
    private readonly FusedModel _model;
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _weights, _rates;
    private readonly MemoryBuffer1D<LayerTable, Stride1D.Dense> _layers;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>,
        ArrayView<LayerTable>, ArrayView<float>, NetworkTable> _kernel;
    private Lane? _own;

    /// <param name="model">Model of the rows.</param>
    /// <param name="accelerator">Of a context of <see cref="FusedContext"/>; outlives the step.</param>
    /// <exception cref="ArgumentException">The context is another, or the accelerator's groups are smaller than the model's
    /// width.</exception>
    public FusedStep(FusedModel model, Accelerator accelerator) : this(model, accelerator, FusedKernel.Row)
    {
    }

    internal FusedStep(FusedModel model, Accelerator accelerator, FusedKernel kernel)
    {
        FusedContext.Check(accelerator.Context);
        if (accelerator.MaxNumThreadsPerGroup < model.Network.Width)
        {
            throw new ArgumentException(
                $"The step needs groups of {model.Network.Width} threads, and {accelerator.Name} has {accelerator.MaxNumThreadsPerGroup}.",
                nameof(accelerator));
        }
        (_model, _accelerator, Kernel) = (model, accelerator, kernel);
        _weights = accelerator.Allocate1D(model.Model.ParameterVector.ToArray());
        _rates = accelerator.Allocate1D(model.Rates);
        _layers = accelerator.Allocate1D(model.Layers);
        _kernel = accelerator.LoadKernel<ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>,
            ArrayView<float>, NetworkTable>(kernel.Run);
    }

    /// <summary>The kernel that runs.</summary>
    internal FusedKernel Kernel { get; }

    /// <inheritdoc/>
    public string Name => _accelerator.Name;

    /// <summary>The step with the kernel that is the faster one on this accelerator for a large batch.</summary>
    /// <param name="model">Model of the rows.</param>
    /// <param name="accelerator">As for the constructor.</param>
    /// <param name="events">Events of the batch.</param>
    /// <param name="time">Clock.</param>
    internal static FusedStep Fastest(FusedModel model, Accelerator accelerator, int events, TimeProvider time)
    {
        (FusedStep Step, TimeSpan Taken)? best = null;
        foreach (FusedKernel kernel in FusedKernel.All)
        {
            var step = new FusedStep(model, accelerator, kernel);
            TimeSpan taken = TimeSpan.MaxValue;
            using (var lane = new Lane(step, events))
            {
                lane.Rows.Clear();
                // The first runs are slower: the driver compiles, clocks rise.
                for (int i = 0; i < 5; i++)
                {
                    long started = time.GetTimestamp();
                    lane.Run(events);
                    TimeSpan now = time.GetElapsedTime(started);
                    taken = now < taken ? now : taken;
                }
            }
            if (best is not null && best.Value.Taken <= taken)
            {
                step.Dispose();
                continue;
            }
            best?.Step.Dispose();
            best = (step, taken);
        }
        return best!.Value.Step;
    }

    /// <summary>Advances each event's row. Rows are written once the whole batch is there, so a device that fails leaves none
    /// half done. One thread at a time.</summary>
    /// <param name="rows">State rows. Shape [rows, StateFloats].</param>
    /// <param name="inputs">Events of distinct rows, any number.</param>
    /// <exception cref="ArgumentException">The rows are not whole, a row or mark is out of range, or a gap is negative or not
    /// finite.</exception>
    public void Step(Span<float> rows, ReadOnlySpan<StepInput> inputs)
    {
        int floats = _model.Network.RowFloats;
        if (rows.Length % floats != 0)
        {
            throw new ArgumentException($"Rows must be whole, {floats} floats each, got {rows.Length} floats.", nameof(rows));
        }
        if (inputs.IsEmpty)
        {
            return;
        }
        Lane lane = Own(inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            if ((uint)inputs[i].Row >= (uint)(rows.Length / floats))
            {
                throw new ArgumentException($"Row must be below {rows.Length / floats}, got {inputs[i].Row}.", nameof(inputs));
            }
            StepCheck.Event(_model.Model, inputs[i]);
            lane.Events[i] = _model.Event(inputs[i], i);
            rows.Slice(inputs[i].Row * floats, floats).CopyTo(lane.Rows[(i * floats)..]);
        }
        lane.Run(inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            lane.Rows.Slice(i * floats, floats).CopyTo(rows[(inputs[i].Row * floats)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Disposal.Try(_own);
        Disposal.Try(_layers);
        Disposal.Try(_rates);
        Disposal.Try(_weights);
    }

    /// <inheritdoc/>
    IStepLane IAccelerator.OpenLane(int capacity) => new Lane(this, capacity);

    /// <summary>The lane of <see cref="Step"/>, with room for a batch.</summary>
    private Lane Own(int events)
    {
        if (_own is null || _own.Events.Length < events)
        {
            _own?.Dispose();
            _own = null;
            _own = new Lane(this, events);
        }
        return _own;
    }

    /// <summary>Page-locked memory, which the device reads and writes by itself, and a stream, so that lanes overlap.</summary>
    private sealed class Lane : IStepLane
    {
        private readonly FusedStep _step;
        private readonly List<IDisposable> _taken = [];
        private readonly AcceleratorStream _stream;
        private readonly PageLockedArray1D<float> _hostRows;
        private readonly PageLockedArray1D<StepEvent> _hostEvents;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> _rows;
        private readonly MemoryBuffer1D<StepEvent, Stride1D.Dense> _events;

        public Lane(FusedStep step, int capacity)
        {
            _step = step;
            Accelerator accelerator = step._accelerator;
            int floats = checked(capacity * step._model.Network.RowFloats);
            try
            {
                _stream = Take(accelerator.CreateStream());
                _rows = Take(accelerator.Allocate1D<float>(floats));
                _events = Take(accelerator.Allocate1D<StepEvent>(capacity));
                _hostRows = Take(accelerator.AllocatePageLocked1D<float>(floats));
                _hostEvents = Take(accelerator.AllocatePageLocked1D<StepEvent>(capacity));
                for (int i = 0; i < capacity; i++)
                {
                    // No event of a lane ever names another's row, whatever becomes of a wave.
                    _hostEvents.Span[i].Row = i;
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public long DeviceBytes => _rows.LengthInBytes + _events.LengthInBytes;

        public Span<float> Rows => _hostRows.Span;

        public Span<StepEvent> Events => _hostEvents.Span;

        public void Run(int events)
        {
            long floats = (long)events * _step._model.Network.RowFloats;
            ArrayView<float> rows = _rows.View.SubView(0, floats), hostRows = _hostRows.ArrayView.SubView(0, floats);
            ArrayView<StepEvent> batch = _events.View.SubView(0, events), hostBatch = _hostEvents.ArrayView.SubView(0, events);
            rows.CopyFrom(_stream, hostRows);
            batch.CopyFrom(_stream, hostBatch);
            KernelConfig config = _step.Kernel.Config(events, _step._model.Network.Width);
            _step._kernel(_stream, config, rows, batch, _step._weights.View, _step._layers.View, _step._rates.View, _step._model.Network);
            rows.CopyTo(_stream, hostRows);
            _stream.Synchronize();
        }

        public void Dispose()
        {
            for (int i = _taken.Count - 1; i >= 0; i--)
            {
                Disposal.Try(_taken[i]);
            }
            _taken.Clear();
        }

        private T Take<T>(T resource) where T : IDisposable
        {
            _taken.Add(resource);
            return resource;
        }
    }
}
