using Foretell.Engine.Alerts;
using Foretell.Hosting;

namespace Foretell.Grains.Silos;

/// <summary>How this silo's readers and shards work.</summary>
public sealed record GrainOptions
{
    /// <summary>Threads that advance this silo's shards. Of their own, so that membership probes are answered under full load.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Most records in one batch from a reader to a shard.</summary>
    public int BatchSize { get; init; } = 4096;

    /// <summary>Most batches that a reader has on their way at once.</summary>
    public int BatchesInFlight { get; init; } = 2;

    /// <summary>Rounds of a second in which no silo comes or goes and every partition answers, before partitions are evened out.</summary>
    public int QuietRounds { get; init; } = 5;

    /// <summary>When a stream is overdue.</summary>
    public AlertRule Alerts { get; init; } = new();

    /// <summary>Pace of commits and lease.</summary>
    public PartitionHostOptions Partition { get; init; } = new() { Lease = TimeSpan.FromSeconds(3) };
}
