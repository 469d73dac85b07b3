using System.Runtime.InteropServices;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using ILGPU;
using ILGPU.Runtime;

namespace Foretell.Models.Gpu;

/// <summary>Steps batches of rows on one accelerator. The rows stay the caller's; one thread uses it at a time.</summary>
/// <remarks>
/// Written to give the bits of <c>CpuStateBackend</c>. Tests hold ILGPU's CPU accelerator to that; no GPU has run it yet.
/// </remarks>
public sealed class FusedStep : IDisposable
{
    private readonly FusedModel _model;
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _weights, _rates;
    private readonly MemoryBuffer1D<LayerTable, Stride1D.Dense> _layers;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>,
        ArrayView<float>, NetworkTable> _kernel;
    private MemoryBuffer1D<float, Stride1D.Dense>? _rows;
    private MemoryBuffer1D<StepEvent, Stride1D.Dense>? _events;
    private float[] _gathered = [];
    private StepEvent[] _packed = [];

    /// <param name="model">Model of the rows.</param>
    /// <param name="accelerator">Of a context of <see cref="FusedContext"/>; outlives the step.</param>
    /// <exception cref="ArgumentException">The context is another, or the accelerator's groups are smaller than the model's
    /// width.</exception>
    public FusedStep(FusedModel model, Accelerator accelerator)
    {
        FusedContext.Check(accelerator.Context);
        if (accelerator.MaxNumThreadsPerGroup < model.Network.Width)
        {
            throw new ArgumentException(
                $"The step needs groups of {model.Network.Width} threads, and {accelerator.Name} has {accelerator.MaxNumThreadsPerGroup}.",
                nameof(accelerator));
        }
        (_model, _accelerator) = (model, accelerator);
        _weights = accelerator.Allocate1D(model.Model.ParameterVector.ToArray());
        _rates = accelerator.Allocate1D(model.Rates);
        _layers = accelerator.Allocate1D(model.Layers);
        _kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>,
            ArrayView<float>, NetworkTable>(StepKernel.Run);
    }

    /// <summary>Advances each event's row. Rows are written once the whole batch is there, so a device that fails leaves none
    /// half done.</summary>
    /// <param name="rows">State rows. Shape [rows, StateFloats].</param>
    /// <param name="inputs">Events of distinct rows, any number.</param>
    /// <exception cref="ArgumentException">The rows are not whole, a row or mark is out of range, or a gap is negative or not
    /// finite.</exception>
    public void Step(Span<float> rows, ReadOnlySpan<StepInput> inputs)
    {
        if (inputs.IsEmpty)
        {
            return;
        }
        int floats = _model.Network.RowFloats;
        Reserve(inputs.Length);
        Gather(rows, inputs);
        ArrayView<float> deviceRows = _rows!.View.SubView(0, (long)inputs.Length * floats);
        ArrayView<StepEvent> events = _events!.View.SubView(0, inputs.Length);
        deviceRows.CopyFromCPU(ref MemoryMarshal.GetArrayDataReference(_gathered), deviceRows.Length);
        events.CopyFromCPU(ref MemoryMarshal.GetArrayDataReference(_packed), events.Length);
        int width = _model.Network.Width;
        var config = new KernelConfig(inputs.Length, width, SharedMemoryConfig.RequestDynamic<float>(RowStep.WorkFloats(width)));
        _kernel(config, deviceRows, events, _weights.View, _layers.View, _rates.View, _model.Network);
        _accelerator.Synchronize();
        deviceRows.CopyToCPU(ref MemoryMarshal.GetArrayDataReference(_gathered), deviceRows.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            _gathered.AsSpan(i * floats, floats).CopyTo(rows.Slice(inputs[i].Row * floats, floats));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events?.Dispose();
        _rows?.Dispose();
        _layers.Dispose();
        _rates.Dispose();
        _weights.Dispose();
    }

    /// <summary>Makes room for a batch.</summary>
    private void Reserve(int events)
    {
        if (_packed.Length >= events)
        {
            return;
        }
        _events?.Dispose();
        _rows?.Dispose();
        (_events, _rows) = (null, null);
        int floats = checked(events * _model.Network.RowFloats);
        _events = _accelerator.Allocate1D<StepEvent>(events);
        _rows = _accelerator.Allocate1D<float>(floats);
        (_packed, _gathered) = (new StepEvent[events], new float[floats]);
    }

    /// <summary>Lays the batch's rows side by side, in the order of its events.</summary>
    private void Gather(ReadOnlySpan<float> rows, ReadOnlySpan<StepInput> inputs)
    {
        int floats = _model.Network.RowFloats;
        if (rows.Length % floats != 0)
        {
            throw new ArgumentException($"Rows must be whole, {floats} floats each, got {rows.Length} floats.", nameof(rows));
        }
        for (int i = 0; i < inputs.Length; i++)
        {
            if ((uint)inputs[i].Row >= (uint)(rows.Length / floats))
            {
                throw new ArgumentException($"Row must be below {rows.Length / floats}, got {inputs[i].Row}.", nameof(inputs));
            }
            _packed[i] = _model.Event(inputs[i], i);
            rows.Slice(inputs[i].Row * floats, floats).CopyTo(_gathered.AsSpan(i * floats, floats));
        }
    }
}
