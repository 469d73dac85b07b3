using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>This process's processors, each shard on the thread that advances it.</summary>
/// <param name="model">Model of the rows.</param>
public sealed class CpuDevice(ForecastModel model) : IStepDevice
{
    /// <summary>Records of a slice that the CPU steps. A step saturates a core from 64 rows on.</summary>
    public const int Slice = 256;

    private static readonly DeviceReport s_report = new("cpu");

    /// <inheritdoc/>
    public string Arithmetic => StepArithmetic.Exact;

    /// <inheritdoc/>
    public int SliceRecords => Slice;

    /// <inheritdoc/>
    public IStateBackend OpenBackend() => new CpuStateBackend(model);

    /// <inheritdoc/>
    public DeviceReport Report() => s_report;

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing of its own.
    }
}
