using Foretell.Models.Gpu;
using Foretell.Models.Stepping;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Silo;

/// <summary>Says what steps the rows: the device is opened before there is a log, and may fail at any time after.</summary>
internal sealed partial class DeviceLog
{
    private ILogger _log = NullLogger.Instance;

    /// <summary>Why the CPU steps where another device was looked for, or null.</summary>
    public DeviceRemark? Remark { get; set; }

    /// <summary>The log is there.</summary>
    public void Start(ILoggerFactory logs, DeviceReport device)
    {
        _log = logs.CreateLogger<DeviceLog>();
        if (device.LeastWave > 0)
        {
            LogDevice(device.Name, device.MemoryBytes / (1024.0 * 1024), device.LeastWave, device.Speedup);
        }
        else if (Remark is { IsExpected: false } remark)
        {
            LogUnused(remark.Text);
        }
        else
        {
            LogCpu(Remark?.Text ?? "Foretell:Device says so.");
        }
        if (device.Problem is { } problem)
        {
            Retired(problem);
        }
    }

    /// <summary>The device failed.</summary>
    public void Retired(string sentence) => LogRetired(sentence);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rows are stepped on the CPU. {Reason}")]
    private partial void LogCpu(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rows are stepped on the CPU. {Reason}")]
    private partial void LogUnused(string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Rows are stepped on {Device}, which gives the bits of the CPU (compared just now); {Memory:0.#} MiB of it are for batches, waves below {LeastWave} events stay on the CPU, and steps and scores are {Speedup:0.#} times as fast as without it.")]
    private partial void LogDevice(string device, double memory, int leastWave, double speedup);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sentence}")]
    private partial void LogRetired(string sentence);
}
