using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Runtime;

namespace Foretell.Bench.Gpu;

/// <summary>The kernel with a model on a device; rows and events are the caller's and lie there already.</summary>
internal sealed class DeviceStep : IDisposable
{
    private readonly FusedModel _model;
    private readonly FusedKernel _shape;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _weights, _rates;
    private readonly MemoryBuffer1D<LayerTable, Stride1D.Dense> _layers;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>,
        ArrayView<float>, NetworkTable> _kernel;

    public DeviceStep(Accelerator accelerator, FusedModel model, FusedKernel kernel)
    {
        (_model, _shape) = (model, kernel);
        _weights = accelerator.Allocate1D(model.Model.ParameterVector.ToArray());
        _rates = accelerator.Allocate1D(model.Rates);
        _layers = accelerator.Allocate1D(model.Layers);
        _kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>,
            ArrayView<float>, NetworkTable>(kernel.Run);
    }

    /// <summary>Queues a batch.</summary>
    public void Launch(ArrayView<float> rows, ArrayView<StepEvent> events)
    {
        KernelConfig config = _shape.Config((int)events.Length, _model.Network.Width);
        _kernel(config, rows, events, _weights.View, _layers.View, _rates.View, _model.Network);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _layers.Dispose();
        _rates.Dispose();
        _weights.Dispose();
    }
}
