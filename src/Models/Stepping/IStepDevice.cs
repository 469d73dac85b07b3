namespace Foretell.Models.Stepping;

/// <summary>What steps the rows of a process: makes the backend of each shard. One a process; whoever made it disposes it, after
/// the shards.</summary>
public interface IStepDevice : IDisposable
{
    /// <summary>Which arithmetic makes the rows (<see cref="StepArithmetic"/>). Rows of two never mix: a shard refuses another's.</summary>
    string Arithmetic { get; }

    /// <summary>Most records that a shard applies under one hold of its lock, a power of two: so many that the device pays, and so
    /// few that a query waits for milliseconds at most. It may fall, and never rises.</summary>
    int SliceRecords { get; }

    /// <summary>An empty slab of rows, with the step on it.</summary>
    IStateBackend OpenBackend();

    /// <summary>What steps now, and what it has done.</summary>
    DeviceReport Report();
}

/// <summary>Names of the arithmetics that rows are made by.</summary>
public static class StepArithmetic
{
    /// <summary>The order and rounding of law 5: the same bits on every processor, and in the fused kernel.</summary>
    public const string Exact = "exact";
}

/// <summary>What steps the rows of a process, and what it has done since it started.</summary>
/// <param name="Name">As people call it: "cpu", or the accelerator's own name with its number.</param>
public sealed record DeviceReport(string Name)
{
    /// <summary>Batches that an accelerator stepped.</summary>
    public long Batches { get; init; }

    /// <summary>Events in these batches.</summary>
    public long DeviceEvents { get; init; }

    /// <summary>Events that the CPU stepped beside an accelerator: small waves, and all once the accelerator is retired.</summary>
    public long CpuEvents { get; init; }

    /// <summary>Time in which the accelerator had a batch: copies in, step, copies out.</summary>
    public TimeSpan Busy { get; init; }

    /// <summary>Bytes copied to the accelerator and back.</summary>
    public long CopiedBytes { get; init; }

    /// <summary>Bytes taken on the accelerator.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Waves below so many events go to the CPU; 0 without an accelerator.</summary>
    public int LeastWave { get; init; }

    /// <summary>How many times faster than the CPU alone the process steps and scores, measured when it started; 1 without an
    /// accelerator.</summary>
    public double Speedup { get; init; } = 1;

    /// <summary>Why an accelerator that was there is not used any more, one sentence, or null.</summary>
    public string? Problem { get; init; }
}
