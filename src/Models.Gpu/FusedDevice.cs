using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu;

/// <summary>How a process uses its device.</summary>
public sealed record DeviceOptions
{
    /// <summary>Threads that advance shards; the speedup is measured for so many.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Waves of fewer events go to the CPU; null for as many as the device is measured to be as fast with.</summary>
    public int? LeastWave { get; init; }

    /// <summary>Told once, with a sentence, when the device fails and is not used any more.</summary>
    public Action<string> Retired { get; init; } = _ => { };

    /// <summary>Clock that device and CPU are measured by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Most events in a batch; halved until the device has room.</summary>
    internal int Capacity { get; init; } = 16_384;

    /// <summary>A batch that is still on the device at two looks this far apart makes the device count as failed. Well below what
    /// silos grant each other to answer, since the waves' shards wait.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

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
    private readonly (long Batches, long Events, TimeSpan Busy) _before;
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
            string? problem = DeviceProbe.Compare(probe, cpu, model, Math.Min(options.ComparedRows, _queue.Capacity));
            Refuse(problem ?? _queue.Problem);
            (int leastWave, double speedup) = DeviceProbe.Measure(probe, cpu, _queue, model, options.Threads, options.Time);
            Refuse(_queue.Problem);
            _leastWave = options.LeastWave ?? leastWave;
            _report = new DeviceReport(accelerator.Name) { LeastWave = _leastWave, Speedup = speedup, MemoryBytes = _queue.DeviceBytes };
            _before = _queue.Counts;
        }
        catch (Exception e)
        {
            Dispose();
            if (e is DeviceUnavailableException)
            {
                throw;
            }
            throw new DeviceUnavailableException($"{accelerator.Name} cannot be used: {e.Message.TrimEnd('.')}.", e);
        }

        void Refuse(string? problem)
        {
            if (problem is not null)
            {
                throw new DeviceUnavailableException($"{accelerator.Name} cannot be used: {problem.TrimEnd('.')}.");
            }
        }
    }

    /// <inheritdoc/>
    public string Arithmetic => StepArithmetic.Exact;

    /// <inheritdoc/>
    /// <remarks>Once the CPU steps, so many records would keep the lock for as long as it takes.</remarks>
    public int SliceRecords => _queue.Problem is null ? 4096 : CpuDevice.Slice;

    /// <inheritdoc/>
    public IStateBackend OpenBackend() =>
        new DeviceStateBackend(_model, _queue, _leastWave, events => Interlocked.Add(ref _onCpu, events));

    /// <inheritdoc/>
    public DeviceReport Report()
    {
        (long batches, long events, TimeSpan busy) = _queue.Counts;
        events -= _before.Events;
        return _report with
        {
            Batches = batches - _before.Batches,
            DeviceEvents = events,
            CpuEvents = Volatile.Read(ref _onCpu),
            Busy = busy - _before.Busy,
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
                Disposal.Try(accelerator);
                throw new DeviceUnavailableException(
                    $"{accelerator.Name} cannot be used: it has no room for batches of {capacity} events ({e.Message.TrimEnd('.')}).", e);
            }
        }
    }
}

/// <summary>A device cannot be used; the message says which, and why.</summary>
public sealed class DeviceUnavailableException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>There is no such device, or no kernel for the model: nothing is wrong.</summary>
    public bool IsExpected { get; init; }
}
