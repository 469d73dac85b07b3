using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;

namespace Foretell.Ingest.EventHubs;

/// <summary>How a hub is read.</summary>
public sealed record EventHubOptions
{
    /// <summary>Consumer group; one of its own for each platform that reads the hub.</summary>
    public string ConsumerGroup { get; init; } = EventHubConsumerClient.DefaultConsumerGroupName;

    /// <summary>Blob container that shows tools outside how far the hub was read; null for none.</summary>
    public CheckpointContainer? Checkpoints { get; init; }

    /// <summary>Events of a partition that may lie ready.</summary>
    public int PrefetchCount { get; init; } = 3000;

    /// <summary>Bytes of events that may lie ready, of all partitions together. Few: what waits here outlives the collector's youngest
    /// generation and costs more than it saves (a million events of 32 partitions: 25.8 s of processor time with 64 MiB, 22.8 s with
    /// 1).</summary>
    public long PrefetchBytes { get; init; } = 1 << 20;

    /// <summary>What the library tries again by itself. Few times: whoever reads sees a failure soon, says it and goes on trying.</summary>
    public EventHubsRetryOptions Retry { get; init; } = new()
    {
        MaximumRetries = 2,
        Delay = TimeSpan.FromMilliseconds(300),
        MaximumDelay = TimeSpan.FromSeconds(5),
        TryTimeout = TimeSpan.FromSeconds(20),
    };
}
