using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu;

/// <summary>How a process uses its device.</summary>
public sealed record DeviceOptions
{
    /// <summary>Threads that advance shards; the speedup is measured for so many.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Waves of fewer events go to the CPU; null measures from how many on the device is as fast.</summary>
    public int? LeastWave { get; init; }

    /// <summary>Told once, with a sentence, when the device fails and is not used any more.</summary>
    public Action<string> Retired { get; init; } = _ => { };

    /// <summary>Clock that device and CPU are measured by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Most events in a batch; halved until the device has room.</summary>
    internal int Capacity { get; init; } = 16_384;

    /// <summary>How long a batch may be on the device before the device counts as failed.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Rows that are compared with the CPU's before the device is used.</summary>
    internal int ComparedRows { get; init; } = 256;
}

/// <summary>An accelerator's fused step with one queue for all shards, and the CPU's step beside it for small waves: the same
/// bits.</summary>
public sealed class FusedDevice : IStepDevice
{
    private const int LeastCapacity = 64;

    private readonly FusedModel _model;
    private readonly DeviceQueue _queue;
    private readonly DeviceReport _report;
    private readonly int _leastWave;
    private long _onCpu;

    /// <summary>Takes the device's memory, compares its bits with the CPU's, and measures both.</summary>
    /// <param name="model">Model of the rows.</param>
    /// <param name="accelerator">What steps; the device's from here on, also where this throws.</param>
    /// <param name="options">How it is used.</param>
    /// <exception cref="DeviceUnavailableException">It has no room, fails, or gives other bits.</exception>
    internal FusedDevice(FusedModel model, IAccelerator accelerator, DeviceOptions options)
    {
        _model = model;
        _queue = OpenQueue(accelerator, options);
        try
        {
            using var cpu = new CpuStateBackend(model.Model);
            using IStateBackend probe = new DeviceStateBackend(model, _queue, leastWave: 1, _ => { });
            string? problem = DeviceProbe.Compare(probe, cpu, model, Math.Min(options.ComparedRows, _queue.Capacity)) ?? _queue.Problem;
            (_leastWave, double speedup) = problem is null && options.LeastWave is null
                ? DeviceProbe.Measure(probe, cpu, model, _queue.Capacity, options.Threads, options.Time)
                : (options.LeastWave ?? 1, 1);
            if ((problem ?? _queue.Problem) is { } refusal)
            {
                throw new DeviceUnavailableException($"{accelerator.Name} cannot be used: {refusal.TrimEnd('.')}.");
            }
            _report = new DeviceReport(accelerator.Name) { LeastWave = _leastWave, Speedup = speedup, MemoryBytes = _queue.DeviceBytes };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Arithmetic => StepArithmetic.Exact;

    /// <inheritdoc/>
    public int SliceRecords => 4096;

    /// <inheritdoc/>
    public IStateBackend OpenBackend() =>
        new DeviceStateBackend(_model, _queue, _leastWave, events => Interlocked.Add(ref _onCpu, events));

    /// <inheritdoc/>
    public DeviceReport Report()
    {
        (long batches, long events, TimeSpan busy) = _queue.Counts;
        return _report with
        {
            Batches = batches,
            DeviceEvents = events,
            CpuEvents = Volatile.Read(ref _onCpu),
            Busy = busy,
            CopiedBytes = events * _model.CopiedBytes,
            Problem = _queue.Problem,
            Speedup = _queue.Problem is null ? _report.Speedup : 1,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private static DeviceQueue OpenQueue(IAccelerator accelerator, DeviceOptions options)
    {
        for (int capacity = options.Capacity; ; capacity /= 2)
        {
            try
            {
                return new DeviceQueue(accelerator, capacity, options.Patience, options.Retired, options.Time);
            }
            catch (Exception) when (capacity / 2 >= LeastCapacity)
            {
                // Most likely out of memory, which others may hold too: a smaller batch is slower, and still a batch.
            }
            catch (Exception e)
            {
                accelerator.Dispose();
                throw new DeviceUnavailableException(
                    $"{accelerator.Name} cannot be used: it has no room for batches of {capacity} events ({e.Message.TrimEnd('.')}).", e);
            }
        }
    }
}

/// <summary>A device cannot be used; the message says which, and why.</summary>
public sealed class DeviceUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
