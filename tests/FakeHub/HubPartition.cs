using System.Runtime.CompilerServices;
using Foretell.FakeHub.Log;
using Foretell.FakeHub.Wire;

namespace Foretell.FakeHub;

/// <summary>One partition of a hub: its events, who reads them, and what goes wrong with it.</summary>
public sealed class HubPartition
{
    private readonly Hub _hub;
    private readonly Lock _gate = new();
    private readonly AmqpWriter _writer = new();
    private readonly EventLog _log = new();
    private readonly List<ReceiverAttachment> _attachments = [];
    private long _next, _last = -1, _lastOffset, _lastTime;
    private int _stalls;

    internal HubPartition(Hub hub, int id) => (_hub, Id) = (hub, id);

    /// <summary>Its id, which is its index.</summary>
    public int Id { get; }

    /// <summary>Number of events that it holds.</summary>
    public int Count => Properties.Count;

    /// <summary>Number of the first event that it holds; of the one to come behind the last when it is empty.</summary>
    public long BeginningSequenceNumber => Properties.Beginning;

    /// <summary>Number of the last event that it ever got; -1 when it never got one.</summary>
    public long LastEnqueuedSequenceNumber => Properties.Last;

    /// <summary>Receivers that are attached now, of all consumer groups.</summary>
    public int Receivers => ReceiverSet.All.Length;

    /// <summary>Links that send to this very partition now.</summary>
    public int Senders => SenderSet.Count;

    /// <summary>Every attempt of a receiver to attach, in order, refused ones too.</summary>
    public IReadOnlyList<ReceiverAttachment> Attachments
    {
        get
        {
            lock (_gate)
            {
                return [.. _attachments];
            }
        }
    }

    internal bool IsStalled => Volatile.Read(ref _stalls) > 0;

    internal ReceiverSet ReceiverSet { get; } = new();

    internal LinkSet SenderSet { get; } = new();

    internal ProducerLedger Producers { get; } = new();

    internal PartitionState Properties
    {
        get
        {
            lock (_gate)
            {
                long beginning = _log.Count > 0 ? _log[0].SequenceNumber : _last + 1;
                return new(_log.Count, beginning, _last, _last < 0 ? "-1" : WriteOffset(_lastOffset), _lastTime);
            }
        }
    }

    /// <summary>Appends an event without any AMQP link.</summary>
    /// <returns>Its sequence number.</returns>
    public long Append(HubMessage message, string? partitionKey = null)
    {
        byte[] encoded = MessageCodec.Encode(message);
        return Append([encoded], partitionKey);
    }

    /// <summary>Appends an event of a data section only, UTF-8.</summary>
    /// <returns>Its sequence number.</returns>
    public long Append(string body, string? partitionKey = null) => Append(new HubMessage(body), partitionKey);

    /// <summary>The events that it holds, decoded.</summary>
    /// <param name="from">Sequence number to begin at.</param>
    /// <param name="most">Number of events, at most.</param>
    public IReadOnlyList<HubEvent> Events(long from = 0, int most = int.MaxValue)
    {
        var stored = new StoredEvent[Math.Min(most, Count)];
        int read = Read(from, stored);
        return [.. stored.Take(read).Select(Decode)];
    }

    /// <summary>Removes the events in front of a sequence number, as retention does.</summary>
    public void TrimBefore(long sequenceNumber)
    {
        lock (_gate)
        {
            _log.TrimBefore(sequenceNumber);
        }
        _hub.Changes.Tell();
    }

    /// <summary>Leaves numbers out, so that the next event comes behind a hole.</summary>
    public void SkipNumbers(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        lock (_gate)
        {
            _next += count;
        }
    }

    /// <summary>Loses the last events, as a forced failover of a geo-replicated hub may: their numbers are given again.</summary>
    /// <remarks>All links of the partition are detached.</remarks>
    public void LoseLast(int count)
    {
        lock (_gate)
        {
            if (_log.RemoveLast(count) is { } first)
            {
                _next = first;
                bool isLeft = _log.Count > 0;
                (_last, _lastOffset) = isLeft ? (_log[^1].SequenceNumber, _log[^1].Offset) : (first - 1, 0);
            }
        }
        DetachLinks(HubConditions.InternalError);
    }

    /// <summary>Sends receivers nothing, whatever credit they give, until what is returned is disposed.</summary>
    public IDisposable StallReads()
    {
        Interlocked.Increment(ref _stalls);
        return new Release(() =>
        {
            Interlocked.Decrement(ref _stalls);
            WakeReceivers();
        });
    }

    /// <summary>Detaches everyone who reads from this partition or sends to it by name.</summary>
    /// <param name="condition">One of <see cref="HubConditions"/>.</param>
    public void DetachLinks(string condition) => DetachLinks(new HubException(condition));

    /// <summary>Waits until a condition on the partition holds; looks again after every change, without polling.</summary>
    /// <exception cref="TimeoutException">It did not within the limit.</exception>
    public Task UntilAsync(
        Func<HubPartition, bool> condition, TimeSpan limit, [CallerArgumentExpression(nameof(condition))] string? text = null) =>
        _hub.Changes.UntilAsync(() => condition(this), limit, text);

    /// <summary>Appends encoded messages: all of them, one behind the other.</summary>
    /// <param name="partitionKey">Key of those that have none of their own.</param>
    /// <returns>Sequence number of the last one.</returns>
    /// <exception cref="FormatException">One of them is no AMQP message; then none was appended.</exception>
    internal long Append(IReadOnlyList<ReadOnlyMemory<byte>> messages, string? partitionKey)
    {
        foreach (ReadOnlyMemory<byte> message in messages)
        {
            _ = new SentMessage(message.Span);
        }
        long last;
        lock (_gate)
        {
            // Selectors look a time up by halving, so that times never decrease, whatever the clock does.
            _lastTime = Math.Max(_lastTime, _hub.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            foreach (ReadOnlyMemory<byte> message in messages)
            {
                Store(new SentMessage(message.Span), partitionKey);
            }
            last = _last;
        }
        WakeReceivers();
        _hub.Changes.Tell();
        return last;
    }

    internal int Read(long from, Span<StoredEvent> into)
    {
        lock (_gate)
        {
            return _log.Read(from, into);
        }
    }

    /// <summary>Lets a receiver in.</summary>
    /// <returns>Number of the first event that it may get.</returns>
    /// <exception cref="HubException">It is refused.</exception>
    internal long Attach(IReceiver receiver, string? selector)
    {
        string? refusal = null;
        try
        {
            long from = Find(selector);
            foreach (IReceiver displaced in ReceiverSet.Add(receiver))
            {
                displaced.Detach(ReceiverSet.Stolen(displaced, receiver));
            }
            return from;
        }
        catch (HubException refused)
        {
            refusal = refused.Condition;
            throw;
        }
        finally
        {
            Note(new ReceiverAttachment(receiver.ConsumerGroup, selector, receiver.OwnerLevel, receiver.Name, refusal));
        }
    }

    internal void Note(ReceiverAttachment attachment)
    {
        lock (_gate)
        {
            _attachments.Add(attachment);
        }
        _hub.Changes.Tell();
    }

    internal void Leave(IReceiver receiver)
    {
        ReceiverSet.Remove(receiver);
        _hub.Changes.Tell();
    }

    internal void DetachLinks(HubException why)
    {
        foreach (IReceiver receiver in ReceiverSet.All)
        {
            receiver.Detach(why);
        }
        SenderSet.Detach(why);
    }

    /// <summary>Forgets everything, as a partition of a new hub.</summary>
    internal void Clear()
    {
        lock (_gate)
        {
            _log.Clear();
            (_next, _last, _lastOffset, _lastTime) = (0, -1, 0, 0);
        }
        Producers.Clear();
    }

    private void Store(SentMessage message, string? partitionKey)
    {
        (_last, _lastOffset) = (_next++, _log.NextOffset);
        _writer.Clear();
        message.Write(_writer, _last, WriteOffset(_lastOffset), _lastTime, message.PartitionKey ?? partitionKey);
        _log.Append(_last, _lastTime, _writer.Written);
    }

    private long Find(string? selector)
    {
        lock (_gate)
        {
            int index = EventSelector.Find(_log, selector, _last, _hub.IsGeoReplicated);
            return index < _log.Count ? _log[index].SequenceNumber : _next;
        }
    }

    private HubEvent Decode(StoredEvent stored)
    {
        (HubMessage message, string? partitionKey) = MessageCodec.Decode(stored.Bytes);
        return new HubEvent(stored.SequenceNumber, WriteOffset(stored.Offset),
            DateTimeOffset.FromUnixTimeMilliseconds(stored.EnqueuedTime), partitionKey, message);
    }

    private string WriteOffset(long offset) => OffsetFormat.Write(offset, _hub.IsGeoReplicated);

    private void WakeReceivers()
    {
        foreach (IReceiver receiver in ReceiverSet.All)
        {
            receiver.Wake();
        }
    }

    private sealed class Release(Action action) : IDisposable
    {
        private Action? _action = action;

        public void Dispose() => Interlocked.Exchange(ref _action, null)?.Invoke();
    }
}
