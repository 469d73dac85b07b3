using System.Collections.Concurrent;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Hosting.Tests;

/// <summary>A device from outside the library, which keeps count of its backends.</summary>
internal sealed class PlainDevice(ForecastModel model) : IStepDevice
{
    public ConcurrentBag<PlainBackend> Opened { get; } = [];

    public string Arithmetic => StepArithmetic.Exact;

    public int SliceRecords => 1024;

    public IStateBackend OpenBackend()
    {
        var backend = new PlainBackend(new CpuStateBackend(model));
        Opened.Add(backend);
        return backend;
    }

    public DeviceReport Now { get; set; } = new("plain");

    public DeviceReport Report() => Now;

    public void Dispose()
    {
    }
}
