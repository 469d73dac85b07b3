using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>A device that does nothing, in slices as a GPU has them.</summary>
internal sealed class IdleDevice(ForecastModel model) : IStepDevice
{
    public string Arithmetic => StepArithmetic.Exact;

    public int SliceRecords => 4096;

    public IStateBackend OpenBackend() => new IdleBackend(model);

    public DeviceReport Report() => new("idle");

    public void Dispose()
    {
    }
}
