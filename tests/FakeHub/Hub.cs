using System.Runtime.CompilerServices;
using Foretell.FakeHub.Log;
using Foretell.FakeHub.Wire;

namespace Foretell.FakeHub;

/// <summary>An event hub in memory.</summary>
/// <remarks>All members may be used from any thread, while clients are connected.</remarks>
public sealed class Hub
{
    /// <summary>The consumer group that every hub has.</summary>
    public const string DefaultConsumerGroup = "$Default";

    private readonly Lock _gate = new();
    private volatile HubPartition[] _partitions;
    private volatile string[] _consumerGroups;
    private int _turn = -1;

    /// <param name="name">Its name within the namespace; case does not matter.</param>
    /// <param name="partitions">Number of partitions, 1 or more.</param>
    /// <param name="consumerGroups">Those beside <see cref="DefaultConsumerGroup"/>.</param>
    /// <param name="clock">What enqueued times are read from; the system's by default.</param>
    public Hub(string name, int partitions = 4, IEnumerable<string>? consumerGroups = null, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        Name = name;
        Clock = clock ?? TimeProvider.System;
        CreatedOn = Clock.GetUtcNow();
        _partitions = [.. Enumerable.Range(0, partitions).Select(id => new HubPartition(this, id))];
        _consumerGroups = [DefaultConsumerGroup, .. consumerGroups ?? []];
    }

    public string Name { get; }

    /// <summary>When it was made, or made anew.</summary>
    public DateTimeOffset CreatedOn { get; private set; }

    /// <summary>Whether its namespace is geo-replicated: offsets are texts without an order, and numeric ones are refused.</summary>
    public bool IsGeoReplicated { get; init; }

    /// <summary>Size of a message or batch on the wire, bytes, at most.</summary>
    public int MaxMessageBytes { get; init; } = 1024 * 1024;

    public IReadOnlyList<HubPartition> Partitions => _partitions;

    public IReadOnlyList<string> ConsumerGroups => _consumerGroups;

    /// <summary>Number of events in all partitions.</summary>
    public long Count => _partitions.Sum(partition => (long)partition.Count);

    /// <summary>Receivers attached now, to all partitions.</summary>
    public int Receivers => _partitions.Sum(partition => partition.Receivers);

    /// <summary>Sends that are refused. Nothing is appended, and the client is told the condition.</summary>
    public Fault RefusedSends { get; } = new();

    /// <summary>Sends whose events are appended, but instead of the acknowledgement the connection is aborted.</summary>
    public Fault LostAcknowledgements { get; } = new();

    /// <summary>Links to the hub or a partition, either way, that are refused.</summary>
    public Fault RefusedAttaches { get; } = new();

    internal TimeProvider Clock { get; }

    internal Changes Changes { get; } = new();

    /// <summary>Links that send to the hub itself.</summary>
    internal LinkSet SenderSet { get; } = new();

    /// <summary>Appends an event without any AMQP link, to the partition that its key belongs to, or to the next one in turn.</summary>
    public void Append(HubMessage message, string? partitionKey = null) => PartitionFor(partitionKey).Append(message, partitionKey);

    /// <summary>The partition that the hub puts events of a key into.</summary>
    /// <param name="partitionKey">The key; null takes the next partition in turn.</param>
    public HubPartition PartitionFor(string? partitionKey)
    {
        HubPartition[] partitions = _partitions;
        return partitions[partitionKey is null
            ? (int)((uint)Interlocked.Increment(ref _turn) % (uint)partitions.Length)
            : PartitionKeyHash.Partition(partitionKey, partitions.Length)];
    }

    public void AddConsumerGroup(string name)
    {
        lock (_gate)
        {
            _consumerGroups = [.. _consumerGroups, name];
        }
    }

    /// <summary>Adds an empty partition; keys are spread anew from now on.</summary>
    public HubPartition AddPartition()
    {
        lock (_gate)
        {
            var added = new HubPartition(this, _partitions.Length);
            _partitions = [.. _partitions, added];
            return added;
        }
    }

    /// <summary>Deletes the hub and makes it anew under its name: empty, numbers from 0, a later <see cref="CreatedOn"/>.</summary>
    /// <param name="partitions">Number of partitions; as many as before by default.</param>
    /// <remarks>All links are detached, as those of an entity that is gone.</remarks>
    public void Recreate(int? partitions = null)
    {
        HubPartition[] before;
        lock (_gate)
        {
            before = _partitions;
            int count = partitions ?? before.Length;
            ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(partitions));
            foreach (HubPartition partition in before)
            {
                partition.Clear();
            }
            _partitions = [.. Enumerable.Range(0, count).Select(id => id < before.Length ? before[id] : new HubPartition(this, id))];
            // On the wire times are milliseconds; a test may make a hub anew within one.
            DateTimeOffset now = Clock.GetUtcNow(), later = CreatedOn.AddMilliseconds(1);
            CreatedOn = now > later ? now : later;
        }
        DetachLinks(HubConditions.NotFound, before);
    }

    /// <summary>Detaches every link to the hub and its partitions.</summary>
    /// <param name="condition">One of <see cref="HubConditions"/>.</param>
    public void DetachLinks(string condition) => DetachLinks(condition, _partitions);

    /// <summary>Waits until a condition on the hub holds; looks again after every change, without polling.</summary>
    /// <exception cref="TimeoutException">It did not within the limit.</exception>
    public Task UntilAsync(Func<Hub, bool> condition, TimeSpan limit, [CallerArgumentExpression(nameof(condition))] string? text = null) =>
        Changes.UntilAsync(() => condition(this), limit, text);

    /// <summary>Appends what a client sent: a message, or a batch.</summary>
    /// <param name="to">The partition that the link leads to; null for the hub itself.</param>
    /// <param name="format">Message format of the transfer.</param>
    /// <exception cref="HubException">It is refused, and nothing of it was appended.</exception>
    /// <exception cref="FormatException">It is no AMQP message.</exception>
    internal void Take(HubPartition? to, ReadOnlyMemory<byte> sent, uint format)
    {
        RefusedSends.ThrowIfItStrikes();
        if (sent.Length > MaxMessageBytes)
        {
            throw new HubException(HubConditions.MessageSizeExceeded,
                $"The received message (size:{sent.Length}) exceeds the limit ({MaxMessageBytes} bytes) currently allowed on the link.");
        }
        string? partitionKey = new SentMessage(sent.Span).PartitionKey;
        IReadOnlyList<ReadOnlyMemory<byte>> messages = format == SentMessage.BatchFormat ? SentMessage.Unpack(sent) : [sent];
        if (messages.Count > 0 && (to is null || IsNew(to, messages)))
        {
            (to ?? PartitionFor(partitionKey)).Append(messages, partitionKey);
        }
    }

    private void DetachLinks(string condition, HubPartition[] partitions)
    {
        var why = new HubException(condition);
        SenderSet.Detach(why);
        foreach (HubPartition partition in partitions)
        {
            partition.DetachLinks(why);
        }
        Changes.Tell();
    }

    private static bool IsNew(HubPartition to, IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        var first = new SentMessage(messages[0].Span);
        return first.ProducerId is not { } id || first.ProducerSequenceNumber is not { } number
            || to.Producers.TryAdvance(id, (int)number, messages.Count);
    }
}
