namespace Foretell.Ingest.Kafka;

/// <summary>How a topic is read.</summary>
public sealed record KafkaOptions
{
    /// <summary>Bytes that may lie ready in memory, of all partitions together. Beyond a partition's share there may be one fetch more,
    /// which is as large as its share, 1 MiB at most, or one message.</summary>
    public long PrefetchBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of messages that one read hands over; the last message may exceed them.</summary>
    public int ReadBytes { get; init; } = 8 << 20;

    /// <summary>How long the brokers may take to say what they hold.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
