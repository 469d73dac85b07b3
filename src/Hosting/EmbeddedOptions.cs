using Foretell.Models;

namespace Foretell.Streams;

/// <summary>How an <see cref="EmbeddedPlatform"/> runs.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>Where log and stores are; created when missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Model that advances every stream. A data directory belongs to one model.</summary>
    public required ForecastModel Model { get; init; }

    /// <summary>Partitions of a new log; null takes those of the log that is there, and 8 for a new one.</summary>
    public int? Partitions { get; init; }

    /// <summary>Threads that advance the shards.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How late an event may be; null keeps what the log says. A change is written to the log and holds from there on.</summary>
    public TimeSpan? LateTolerance { get; init; }

    /// <summary>How far ahead of its append an event may be; null keeps what the log says. A change holds from there on.</summary>
    public TimeSpan? FutureTolerance { get; init; }

    /// <summary>Most records that a shard reads at once.</summary>
    public int BatchSize { get; init; } = 4096;

    /// <summary>Longest time between two commits of a shard that advances: bounds what a restart must replay.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Records after which a shard commits even before the interval is over.</summary>
    public int CommitRecords { get; init; } = 200_000;

    /// <summary>Opens the log, which the platform then owns; null takes the SQLite file log.db of the data directory.</summary>
    public Func<CancellationToken, Task<IEventLog>>? OpenLog { get; init; }

    /// <summary>Opens the store, which the platform then owns; null takes the SQLite files of the data directory.</summary>
    public Func<IStateStore>? OpenStore { get; init; }

    /// <summary>When a stream is overdue.</summary>
    public AlertRule Alerts { get; init; } = new();

    /// <summary>Clock of append times, commits and alerts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>No lease: the lock on the data directory keeps every other owner out.</summary>
    internal ShardOwnerOptions ToOwnerOptions() => new() { CommitInterval = CommitInterval, CommitRecords = CommitRecords, Time = Time };

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(DataDirectory);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        Alerts.Check();
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CommitRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CommitInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LateTolerance ?? TimeSpan.Zero, TimeSpan.Zero, nameof(LateTolerance));
        ArgumentOutOfRangeException.ThrowIfLessThan(FutureTolerance ?? TimeSpan.Zero, TimeSpan.Zero, nameof(FutureTolerance));
    }

    /// <summary>The policy that these options make of the one in force.</summary>
    internal EventTimePolicy Change(EventTimePolicy inForce) =>
        new(LateTolerance ?? inForce.LateTolerance, FutureTolerance ?? inForce.FutureTolerance);
}
