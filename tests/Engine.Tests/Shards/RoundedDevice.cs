using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Tests.Shards;

/// <summary>Steps on the CPU and names another arithmetic.</summary>
internal sealed class RoundedDevice(ForecastModel model) : IStepDevice
{
    public string Arithmetic => "rounded";

    public int SliceRecords { get; set; } = 64;

    public IStateBackend OpenBackend() => new CpuStateBackend(model);

    public DeviceReport Report() => new("rounded");

    public void Dispose()
    {
    }
}
