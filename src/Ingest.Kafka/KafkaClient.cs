using Confluent.Kafka;

namespace Foretell.Ingest.Kafka;

/// <summary>Makes the client library's objects. None of them waits for a broker.</summary>
/// <remarks>What librdkafka would write to standard error is dropped: what matters of it arrives as an error, too. Errors of connections
/// are kept where the brokers are asked: a consumer connects again by itself.</remarks>
internal static class KafkaClient
{
    // The last one is librdkafka's own limit.
    private const int MinFetchBytes = 64 * 1024, MaxFetchBytes = 1 << 20, MaxQueuedKbytes = 2_097_151;

    /// <summary>A consumer that reads what it is assigned, and whose offsets nobody keeps.</summary>
    /// <param name="address">The brokers.</param>
    /// <param name="options">How to read.</param>
    /// <param name="partitions">Partitions that share the memory.</param>
    /// <exception cref="InvalidOperationException">librdkafka refuses a setting.</exception>
    /// <exception cref="KafkaException">librdkafka cannot use the settings together.</exception>
    public static IConsumer<byte[]?, byte[]?> Consumer(KafkaAddress address, KafkaOptions options, int partitions)
    {
        long share = Math.Max(options.PrefetchBytes / Math.Max(1, partitions), MinFetchBytes);
        var config = new ConsumerConfig
        {
            // The client wants one. It is never joined: a partition is assigned, and nothing is committed.
            GroupId = "foretell",
            ClientId = "foretell",
            QueuedMaxMessagesKbytes = (int)Math.Min(share / 1024, MaxQueuedKbytes),
            MaxPartitionFetchBytes = (int)Math.Min(share, MaxFetchBytes),
        };
        // With little room for what lies ready, a second's rest whenever it is full would be most of the time.
        config.Set("fetch.queue.backoff.ms", "20");
        foreach ((string name, string value) in address.Settings)
        {
            config.Set(name, value);
        }
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        config.EnablePartitionEof = true;
        config.ConsumeResultFields = "headers,timestamp";
        return new ConsumerBuilder<byte[]?, byte[]?>(config)
            .SetKeyDeserializer(Deserializers.ByteArray).SetValueDeserializer(Deserializers.ByteArray)
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>A client that asks what a topic is and holds.</summary>
    /// <param name="address">The brokers.</param>
    /// <param name="onError">Told of errors that belong to no call.</param>
    public static IAdminClient Admin(KafkaAddress address, Action<Error> onError) =>
        new AdminClientBuilder(address.Settings.Append(new("client.id", "foretell")).DistinctBy(s => s.Key))
            .SetErrorHandler((_, error) => onError(error)).SetLogHandler((_, _) => { }).Build();
}
