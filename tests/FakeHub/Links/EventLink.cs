using Foretell.FakeHub.Log;
using Foretell.FakeHub.Wire;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace Foretell.FakeHub.Links;

/// <summary>A link that a client reads a partition over. Sends whenever there is an event and credit for it.</summary>
internal sealed class EventLink : IReceiver, IThreadPoolWorkItem
{
    private const int BatchSize = 128, TagBytes = sizeof(uint);

    private readonly SendingAmqpLink _link;
    private readonly HubPartition _partition;
    private readonly AmqpWriter? _metric;
    private readonly StoredEvent[] _batch = new StoredEvent[BatchSize];
    private long _next;
    private uint _tag;
    private int _wakes;

    private EventLink(SendingAmqpLink link, HubPartition partition, string consumerGroup)
    {
        (_link, _partition, ConsumerGroup) = (link, partition, consumerGroup);
        _metric = link.Settings.Desires("com.microsoft:enable-receiver-runtime-metric") ? new AmqpWriter() : null;
        OwnerLevel = link.Settings.Long("com.microsoft:epoch");
        Name = link.Settings.Property("com.microsoft:receiver-name")?.ToString() ?? "nil";
    }

    public string ConsumerGroup { get; }

    public long? OwnerLevel { get; }

    public string Name { get; }

    /// <exception cref="HubException">It is refused.</exception>
    public static void Open(SendingAmqpLink link, LinkAddress address, Hub hub, ClientConnection connection, TokenPolicy tokens)
    {
        HubPartition partition = address.In(hub) ?? throw new HubException(HubConditions.NotAllowed,
            "Events are read from a partition, through a consumer group: hub/ConsumerGroups/GROUP/Partitions/ID.");
        string group = address.ConsumerGroup is { } named && hub.ConsumerGroups.Contains(named, StringComparer.OrdinalIgnoreCase)
            ? named
            : throw new HubException(HubConditions.NotFound,
                $"The messaging entity '{hub.Name}~{partition.Id}|{address.ConsumerGroup}' could not be found. status-code: 404");
        var opened = new EventLink(link, partition, group);
        link.RegisterCreditListener((_, _, _) => opened.Wake());
        link.RegisterDispositionListener(_ => { });
        link.Closed += (_, _) =>
        {
            connection.Grants.Leave(opened);
            partition.Leave(opened);
        };
        if (tokens.IsRequired)
        {
            connection.Grants.Watch(opened, address);
        }
        opened._next = partition.Attach(opened, Selector(link.Settings));
    }

    public void Detach(HubException why) => _link.SafeClose(why.ToAmqp());

    // On a thread of its own: who appends or gives credit may hold locks of another connection.
    public void Wake()
    {
        if (Interlocked.Increment(ref _wakes) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _wakes);
            while (SendBatch())
            {
            }
        }
        // Someone may have woken it since it looked last.
        while (Interlocked.CompareExchange(ref _wakes, 0, seen) != seen);
    }

    /// <returns>Whether there may be more to send at once.</returns>
    private bool SendBatch()
    {
        uint credit = _link.State == AmqpObjectState.Opened && !_partition.IsStalled ? _link.LinkCredit : 0;
        int count = credit == 0 ? 0 : _partition.Read(_next, _batch.AsSpan(0, (int)Math.Min(credit, BatchSize)));
        if (count == 0)
        {
            return false;
        }
        ArraySegment<byte> metric = Metric();
        byte[] tags = new byte[count * TagBytes];
        for (int i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(tags.AsSpan(i * TagBytes), _tag++);
            var delivery = new EventDelivery(metric, _batch[i].Bytes)
            {
                DeliveryTag = new ArraySegment<byte>(tags, i * TagBytes, TagBytes),
            };
            if (!_link.TrySendDelivery(delivery))
            {
                return false;
            }
            _next = _batch[i].SequenceNumber + 1;
        }
        return true;
    }

    /// <summary>The delivery annotations that tell a receiver how far behind it is; nothing unless it asked for them.</summary>
    private ArraySegment<byte> Metric()
    {
        if (_metric is null)
        {
            return ArraySegment<byte>.Empty;
        }
        PartitionState state = _partition.Properties;
        _metric.Clear();
        int map = _metric.BeginMap(Section.DeliveryAnnotations);
        _metric.Symbol("last_enqueued_sequence_number"u8);
        _metric.Long(state.Last);
        _metric.Symbol("last_enqueued_offset"u8);
        _metric.String(state.LastOffset);
        _metric.Symbol("last_enqueued_time_utc"u8);
        _metric.Timestamp(state.LastTime);
        _metric.Symbol("runtime_info_retrieval_time_utc"u8);
        _metric.Timestamp(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        _metric.EndMap(map, entries: 4);
        return _metric.Written.ToArray();
    }

    // The name decides: the descriptor around the text is a number or a symbol, by the language of the client.
    private static string? Selector(AmqpLinkSettings settings) => (settings.Source as Source)?.FilterSet?
        .Where(filter => filter.Key.ToString() == "apache.org:selector-filter:string")
        .Select(filter => filter.Value is DescribedType described ? described.Value : filter.Value)
        .FirstOrDefault() as string;
}
