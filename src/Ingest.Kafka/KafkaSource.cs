using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.Kafka;

/// <summary>A topic of Kafka, or of what speaks its protocol.</summary>
/// <remarks>
/// Partitions are assigned one by one, to whoever opens them: no consumer group is joined, nothing is committed to the brokers, and they
/// know no owner levels, so that the epoch in the log alone decides between two readers. Numbers are offsets. They have holes where
/// transactions end, and where compaction removed messages.
/// </remarks>
public sealed class KafkaSource : IMessageSource
{
    private readonly KafkaAddress _address;
    private readonly KafkaOptions _options;
    private readonly IAdminClient _admin;
    private volatile int _partitions = 1;
    private Error? _lastError;
    private int _disposed;

    /// <param name="name">Name by which the log knows it.</param>
    /// <param name="address">The topic.</param>
    /// <param name="options">How to read it.</param>
    public KafkaSource(string name, KafkaAddress address, KafkaOptions options)
    {
        (Name, _address, _options) = (name, address, options);
        _admin = KafkaClient.Admin(address, Remember);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Description => $"{_address}";

    /// <inheritdoc/>
    public bool NumbersAreDense => false;

    /// <inheritdoc/>
    /// <remarks>The identity is the topic's id, which brokers tell since Kafka 2.8 (KIP-516); "" where they do not.</remarks>
    public Task<SourceDescription> DescribeAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        DescribeTopicsResult found = await _admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([_address.Topic]),
            new DescribeTopicsOptions { RequestTimeout = _options.RequestTimeout }).WaitAsync(cancellationToken);
        TopicDescription topic = found.TopicDescriptions[0];
        _partitions = topic.Partitions.Count;
        bool hasId = topic.TopicId is { } id && (id.MostSignificantBits | id.LeastSignificantBits) != 0;
        return new SourceDescription(hasId ? topic.TopicId.ToString() : "",
            [.. topic.Partitions.Select(p => p.Partition).Order().Select(p => p.ToString(CultureInfo.InvariantCulture))]);
    }, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The newest one that can be read is the one before the last stable offset: behind it transactions are open.</remarks>
    public Task<PartitionRange> DescribePartitionAsync(string partition, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        TopicPartition at = At(partition);
        long first = await OffsetAsync(at, OffsetSpec.Earliest(), cancellationToken);
        long end = await OffsetAsync(at, OffsetSpec.Latest(), cancellationToken);
        return new PartitionRange(first, Math.Max(first, end) - 1);
    }, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>From a time on: with the first message whose timestamp is at or after it, whatever the timestamps behind it
    /// are.</remarks>
    public Task<IMessageReader> OpenAsync(string partition, ReadFrom from, long epoch, CancellationToken cancellationToken) =>
        GuardAsync<IMessageReader>(async () =>
        {
            TopicPartition at = At(partition);
            // An offset that is gone is an error, and not a reason to begin elsewhere.
            long offset = from.After is { } after ? after + 1 : await OffsetAtAsync(at, from.Time, cancellationToken);
            return new KafkaReader(_address, _options, _partitions, new TopicPartitionOffset(at, offset));
        }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _admin.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    private TopicPartition At(string partition) =>
        int.TryParse(partition, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new TopicPartition(_address.Topic, number)
            : throw KafkaFault.NoPartition(_address, partition);

    /// <summary>Offset of the first message at or after a time; the end where there is none.</summary>
    private async Task<long> OffsetAtAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // Asked for first: what comes between the two answers is read.
        long end = await OffsetAsync(partition, OffsetSpec.Latest(), cancellationToken);
        long found = await OffsetAsync(partition, OffsetSpec.ForTimestamp(time.ToUnixTimeMilliseconds()), cancellationToken);
        return found < 0 ? end : found;
    }

    private async Task<long> OffsetAsync(TopicPartition partition, OffsetSpec spec, CancellationToken cancellationToken)
    {
        ListOffsetsResult found = await _admin.ListOffsetsAsync(
            [new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = spec }],
            new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadCommitted, RequestTimeout = _options.RequestTimeout })
            .WaitAsync(cancellationToken);
        return found.ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
    }

    /// <summary>Runs a call of the client library, so that it fails with a <see cref="SourceException"/>.</summary>
    private async Task<T> GuardAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        try
        {
            T result = await call();
            Volatile.Write(ref _lastError, null);
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not SourceException)
        {
            throw KafkaFault.Of(_address, e, Volatile.Read(ref _lastError));
        }
    }

    private void Remember(Error error) => Volatile.Write(ref _lastError, KafkaFault.Telling(Volatile.Read(ref _lastError), error));
}
