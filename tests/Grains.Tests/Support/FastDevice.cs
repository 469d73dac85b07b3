using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Grains.Tests.Support;

/// <summary>Steps on the CPU, and says that it is faster.</summary>
internal sealed class FastDevice(ForecastModel model, string name, double speedup) : IStepDevice
{
    private volatile string? _problem;

    public string Arithmetic => StepArithmetic.Exact;

    public int SliceRecords => 1024;

    public IStateBackend OpenBackend() => new CpuStateBackend(model);

    public DeviceReport Report() => new(name) { LeastWave = 2, Speedup = _problem is null ? speedup : 1, Problem = _problem };

    /// <summary>From here on it is as fast as the CPU.</summary>
    public void Fail(string problem) => _problem = problem;

    public void Dispose()
    {
    }
}
