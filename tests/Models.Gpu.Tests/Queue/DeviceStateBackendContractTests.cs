using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests.Queue;

/// <summary>The device's backend with every wave sent to a device that runs the kernel's phases as plain loops: the CPU's bits.</summary>
public sealed class DeviceStateBackendContractTests : StateBackendContract, IDisposable
{
    private readonly List<DeviceQueue> _queues = [];

    /// <inheritdoc/>
    protected override double Tolerance => 0;

    /// <inheritdoc/>
    /// <remarks>The plain loops are some hundred times slower than the CPU's step: 60 streams have these many events each.</remarks>
    protected override int Rounds => 100;

    public void Dispose() => _queues.ForEach(q => q.Dispose());

    /// <inheritdoc/>
    protected override IStateBackend Create(ForecastModel model)
    {
        var fused = new FusedModel(model);
        var queue = new DeviceQueue(new TestAccelerator(fused), capacity: 128, TimeSpan.FromSeconds(30), _ => { }, TimeProvider.System);
        _queues.Add(queue);
        return new DeviceStateBackend(fused, queue, leastWave: 1, _ => { });
    }
}
