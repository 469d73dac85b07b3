namespace Foretell.Hosting;

/// <summary>How a <see cref="PartitionHost"/> commits and proves that it is still the owner.</summary>
public sealed record PartitionHostOptions
{
    /// <summary>Longest time between two commits of a shard that advances: bounds what a restart must replay.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Records after which a shard commits even before the interval is over.</summary>
    public int CommitRecords { get; init; } = 200_000;

    /// <summary>
    /// How long an owner answers on the strength of one confirmation of its epoch; it asks three times as often.
    /// Null where a lock keeps every other owner out.
    /// </summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>How long the log keeps records after their append, at least <see cref="LeastRetain"/>; null for ever. Nothing goes that
    /// the store does not reflect.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Shortest retention: what clients repeat, and readers that lag, need the records of a while.</summary>
    public static readonly TimeSpan LeastRetain = TimeSpan.FromHours(1);

    /// <summary>Clock of commits and of the lease.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
