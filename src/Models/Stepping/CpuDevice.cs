using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>This process's processors, each shard on the thread that advances it.</summary>
/// <param name="model">Model of the rows.</param>
public sealed class CpuDevice(ForecastModel model) : IStepDevice
{
    private static readonly DeviceReport s_report = new("cpu");

    /// <inheritdoc/>
    public string Arithmetic => StepArithmetic.Exact;

    /// <inheritdoc/>
    /// <remarks>A step saturates a core from 64 rows on.</remarks>
    public int SliceRecords => 256;

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
