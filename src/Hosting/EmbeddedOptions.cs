using Foretell.Engine.Alerts;
using Foretell.Engine.Store;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Hosting;

/// <summary>How an <see cref="EmbeddedPlatform"/> runs.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>Opens log and store, which the platform then owns, on the clock of these options.</summary>
    public required Func<TimeProvider, CancellationToken, Task<PlatformStorage>> OpenStorage { get; init; }

    /// <summary>Model that advances every stream. A log belongs to one model.</summary>
    public required ForecastModel Model { get; init; }

    /// <summary>What steps the rows of all shards; null for the CPU. It stays the caller's, who disposes it after the platform.</summary>
    public IStepDevice? Device { get; init; }

    /// <summary>Whether the streams of a partition share what they show together (<see cref="Population"/>); the model must adapt then.</summary>
    public bool Shared { get; init; }

    /// <summary>Threads that advance the shards.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How late an event may be; null keeps what the log says. A change is written to the log and holds from there on.</summary>
    public TimeSpan? LateTolerance { get; init; }

    /// <summary>How far ahead of its append an event may be; null keeps what the log says. A change holds from there on.</summary>
    public TimeSpan? FutureTolerance { get; init; }

    /// <summary>Streams at most; beyond them events of new ones are dead letters. 0 for any number; null with null behind it keeps what the
    /// log says. A change is written to the log and holds from there on.</summary>
    public long? MaxStreams { get; init; }

    /// <summary>New streams in a minute at most, likewise.</summary>
    public long? MaxNewStreamsPerMinute { get; init; }

    /// <summary>Most records that a shard reads at once.</summary>
    public int BatchSize { get; init; } = 4096;

    /// <summary>Longest time between two commits of a shard that advances: bounds what a restart must replay.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Records after which a shard commits even before the interval is over.</summary>
    public int CommitRecords { get; init; } = 200_000;

    /// <summary>How long the log keeps records (<see cref="PartitionHostOptions.Retain"/>); null for ever.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>When a stream is overdue.</summary>
    public AlertRule Alerts { get; init; } = new();

    /// <summary>Clock of append times, commits and alerts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Takes a line for whatever happens to a partition.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>No lease: one process has the storage for itself.</summary>
    internal PartitionHostOptions ToHostOptions() => new()
    {
        CommitInterval = CommitInterval, CommitRecords = CommitRecords, Retain = Retain, Time = Time,
    };

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        Alerts.Check();
        if (Shared && !Model.Config.Adapt)
        {
            throw new ArgumentException($"Model {Model.Id} does not adapt, and streams can share only what adaptation tells.", nameof(Shared));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CommitRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CommitInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Retain ?? TimeSpan.MaxValue, PartitionHostOptions.LeastRetain, nameof(Retain));
        ArgumentOutOfRangeException.ThrowIfLessThan(LateTolerance ?? TimeSpan.Zero, TimeSpan.Zero, nameof(LateTolerance));
        ArgumentOutOfRangeException.ThrowIfLessThan(FutureTolerance ?? TimeSpan.Zero, TimeSpan.Zero, nameof(FutureTolerance));
    }
}
