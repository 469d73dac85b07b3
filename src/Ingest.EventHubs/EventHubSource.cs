using System.Collections.Concurrent;
using System.Globalization;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.EventHubs;

/// <summary>A hub of Azure Event Hubs, read through one consumer group.</summary>
public sealed class EventHubSource : IMessageSource
{
    private readonly EventHubAddress _address;
    private readonly EventHubOptions _options;
    private readonly EventHubConnection _connection;
    private readonly EventHubConsumerClient _client;
    private readonly CheckpointBlobs? _checkpoints;
    // By partition: the offset of the message that was read last.
    private readonly ConcurrentDictionary<string, (long Number, string Offset)> _offsets = new();
    private volatile int _partitions = 1;

    /// <param name="name">Name by which the log knows it.</param>
    /// <param name="address">The hub.</param>
    /// <param name="options">How to read it.</param>
    public EventHubSource(string name, EventHubAddress address, EventHubOptions options)
    {
        (Name, _address, _options) = (name, address, options);
        // Neither of them connects before it is asked something.
        _connection = address.Connect();
        _client = new EventHubConsumerClient(options.ConsumerGroup, _connection,
            new EventHubConsumerClientOptions { RetryOptions = options.Retry });
        _checkpoints = options.Checkpoints is { } container
            ? new CheckpointBlobs(container, _client.FullyQualifiedNamespace, address.Hub, options.ConsumerGroup) : null;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Description => $"{_address}, consumer group '{_options.ConsumerGroup}',";

    /// <inheritdoc/>
    public bool NumbersAreDense => true;

    /// <inheritdoc/>
    public Task<SourceDescription> DescribeAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        EventHubProperties hub = await _client.GetEventHubPropertiesAsync(cancellationToken);
        _partitions = Math.Max(1, hub.PartitionIds.Length);
        return new SourceDescription(hub.CreatedOn.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), hub.PartitionIds);
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<PartitionRange> DescribePartitionAsync(string partition, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            PartitionProperties found = await _client.GetPartitionPropertiesAsync(partition, cancellationToken);
            return found.IsEmpty ? new PartitionRange(found.LastEnqueuedSequenceNumber + 1, found.LastEnqueuedSequenceNumber)
                : new PartitionRange(found.BeginningSequenceNumber, found.LastEnqueuedSequenceNumber);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IMessageReader> OpenAsync(string partition, ReadFrom from, long epoch, CancellationToken cancellationToken)
    {
        // Exclusively behind a number that was read: one that does not exist yet is refused.
        // A time is exclusive, too, and counts whole milliseconds.
        EventPosition position = from.After is not { } after ? EventPosition.FromEnqueuedTime(from.Time.AddMilliseconds(-1))
            : after < 0 ? EventPosition.Earliest : EventPosition.FromSequenceNumber(after, isInclusive: false);
        return GuardAsync(() => Task.FromResult<IMessageReader>(new Reader(_address, _options.Retry,
            new PartitionReceiver(_options.ConsumerGroup, partition, position, _connection, new PartitionReceiverOptions
            {
                OwnerLevel = epoch,
                PrefetchCount = _options.PrefetchCount,
                PrefetchSizeInBytes = Math.Max(_options.PrefetchBytes / _partitions, 32 * 1024),
                RetryOptions = _options.Retry,
                // Its end is asked for now and then instead: told with every event it costs a fifth of the reading.
                TrackLastEnqueuedEventProperties = false,
            }), read => _offsets[partition] = read)), cancellationToken);
    }

    /// <inheritdoc/>
    public bool ShowsPositions => _checkpoints is not null;

    /// <inheritdoc/>
    public Task ShowPositionAsync(string partition, long number, CancellationToken cancellationToken) => _checkpoints is null
        ? Task.CompletedTask
        : _checkpoints.WriteAsync(partition, number,
            _offsets.TryGetValue(partition, out var read) && read.Number == number ? read.Offset : "", cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EventHubFault.CloseAsync(_client.DisposeAsync());
        await EventHubFault.CloseAsync(_connection.DisposeAsync());
    }

    private Task<T> GuardAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        EventHubFault.GuardAsync(_address, _options.Retry, call, cancellationToken);

    private sealed class Reader(EventHubAddress address, EventHubsRetryOptions retry, PartitionReceiver receiver,
        Action<(long Number, string Offset)> read) : IMessageReader
    {
        // An idle partition is given up on so often, for its caller to look around.
        private static readonly TimeSpan s_maxWait = TimeSpan.FromSeconds(1);

        public async Task ReadAsync(List<BrokerMessage> into, int maximum, CancellationToken cancellationToken)
        {
            into.Clear();
            // What a call that was given up on still brings must not get into a list that somebody else uses by then.
            IEnumerable<EventData> batch = await EventHubFault.GuardAsync(address, retry,
                () => receiver.ReceiveBatchAsync(maximum, s_maxWait, cancellationToken), cancellationToken);
            EventData? last = null;
            foreach (EventData data in batch)
            {
                into.Add(EventHubMessage.Of(data));
                last = data;
            }
            if (last is not null)
            {
                read((last.SequenceNumber, last.OffsetString));
            }
        }

        public async ValueTask DisposeAsync() => await EventHubFault.CloseAsync(receiver.DisposeAsync());
    }
}
