using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds;

/// <summary>Knows what was sent and what was acknowledged, and holds the log and the platform's state to it.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<string, SentEvent> _sent = [];
    private readonly List<SentEvent> _acknowledged = [];
    private readonly Dictionary<string, int> _events = [];
    // What the log may have forgotten, by partition, from its first record on.
    private readonly Dictionary<int, List<EventSets.Read>> _mirror = [];
    private string? _wrong;

    /// <summary>Events sent.</summary>
    public int Sent => _sent.Count;

    /// <summary>Events acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Streams that events were sent of.</summary>
    public IReadOnlyCollection<string> Streams => _events.Keys;

    /// <summary>Events sent of a stream.</summary>
    public int EventsOf(string stream) => _events.GetValueOrDefault(stream);

    /// <summary>A client is about to send events.</summary>
    public void Sending(IReadOnlyList<SentEvent> events)
    {
        foreach (SentEvent e in events)
        {
            _sent.Add(e.Id, e);
            _events[e.Stream] = EventsOf(e.Stream) + 1;
        }
    }

    /// <summary>The platform has accepted events; from here on they may not be lost.</summary>
    public void Accepted(IReadOnlyList<SentEvent> events, AppendReceipt receipt, byte[]? payload)
    {
        Unless(receipt.Accepted == events.Count, $"{events.Count} events were sent and {receipt.Accepted} accepted.");
        Unless(payload is null || receipt.Payload.Span.SequenceEqual(payload), $"A repeat was answered with another request's payload.");
        foreach (SentEvent e in events)
        {
            e.Acknowledged = receipt.Position;
            _acknowledged.Add(e);
        }
    }

    /// <summary>Records of a partition that the oracle has a copy of.</summary>
    public long Mirrored(int partition) => _mirror.TryGetValue(partition, out List<EventSets.Read>? records) ? records.Count : 0;

    /// <summary>The log may be about to forget records.</summary>
    /// <param name="partition">Their partition.</param>
    /// <param name="upTo">Last one that may go.</param>
    /// <param name="records">What the log has behind those that are mirrored.</param>
    public void Trimming(int partition, long upTo, List<EventSets.Read> records)
    {
        if (!_mirror.TryGetValue(partition, out List<EventSets.Read>? mirror))
        {
            _mirror.Add(partition, mirror = []);
        }
        mirror.AddRange(records.Where(record => record.Sequence <= upTo));
    }

    /// <summary>The log has forgotten records; no more of them than it may.</summary>
    public void Trimmed(int partition, long trimmed, long upTo, long before)
    {
        // Nobody who asks for a trim hears of it: it is told at the end.
        if (trimmed > upTo || _mirror[partition][(int)trimmed - 1].AppendTicks >= before)
        {
            _wrong ??= $"Partition {partition} was trimmed to record {trimmed}, and record {upTo} was the last that might go.";
        }
    }

    /// <summary>Every record of a log, those that it has forgotten from the mirror.</summary>
    public async Task<List<EventSets.Read>[]> ReadAsync(IEventLog log)
    {
        Unless(_wrong is null, $"{_wrong}");
        var all = new List<EventSets.Read>[log.PartitionCount];
        for (int partition = 0; partition < all.Length; partition++)
        {
            long trimmed = log.Trimmed(partition);
            Unless(trimmed <= Mirrored(partition), $"Partition {partition} begins behind record {trimmed}, and nobody trimmed it so far.");
            all[partition] = [.. trimmed == 0 ? [] : _mirror[partition].Take((int)trimmed),
                .. await log.ReadAllAsync(partition, maximum: 97, after: trimmed)];
        }
        return all;
    }

    /// <summary>Acknowledged ⊆ in the log ⊆ sent; each once, as it was sent, numbered without gaps and in the order of its
    /// client.</summary>
    /// <param name="log">The log.</param>
    /// <param name="records">Its records (<see cref="ReadAsync"/>); null for a partition that is not to be looked at.</param>
    public void CheckLog(IEventLog log, IReadOnlyList<List<EventSets.Read>?> records)
    {
        var found = new Dictionary<string, long>();
        for (int partition = 0; partition < log.PartitionCount; partition++)
        {
            if (records[partition] is not { } ofPartition)
            {
                continue;
            }
            long sequence = 0, append = long.MinValue, events = 0;
            foreach (EventSets.Read record in ofPartition)
            {
                Unless(record.Sequence == ++sequence, $"Partition {partition} has record {record.Sequence} where record {sequence} belongs.");
                Unless(record.AppendTicks >= append, $"Record {sequence} of partition {partition} was appended before its predecessor.");
                append = record.AppendTicks;
                if (record.Kind != LogRecordKind.Event)
                {
                    continue;
                }
                events++;
                Unless(_sent.TryGetValue(record.Id, out SentEvent? sent), $"Event '{record.Id}' is in the log and was never sent.");
                Unless((record.Key, record.TimeTicks, record.Mark) == (sent!.Stream, sent.Ticks, sent.Mark),
                    $"Event '{record.Id}' is in the log with another content than it was sent with.");
                Unless(EventSets.PartitionOf(record.Key, log.PartitionCount) == partition, $"Event '{record.Id}' is in another partition.");
                Unless(found.TryAdd(record.Id, sequence), $"Event '{record.Id}' is in the log twice.");
            }
            LogEnd end = log.End(partition);
            Unless((end.Sequence, end.Events) == (sequence, events),
                $"Partition {partition} says that it ends at record {end.Sequence} with {end.Events} events; it has {sequence} with {events}.");
        }
        CheckAcknowledged(found, records);
    }

    /// <summary>Each place of the log that was acknowledged has a record, though it may stand for one that is lost.</summary>
    /// <param name="records">Records of each partition.</param>
    public void CheckEnds(IReadOnlyList<List<EventSets.Read>> records)
    {
        foreach ((int partition, long sequence) in _acknowledged.SelectMany(e => e.Acknowledged!.Parts))
        {
            Unless(records[partition].Count >= sequence && records[partition][(int)sequence - 1].Sequence == sequence,
                $"Record {sequence} of partition {partition} was acknowledged, and the log has {records[partition].Count} records there.");
        }
    }

    /// <summary>Where something is damaged: what is served all the same holds every promise.</summary>
    /// <param name="log">The log.</param>
    /// <param name="records">Records of the partitions that are served and have applied all of them; null for the others.</param>
    /// <param name="digests">Digest of each stream that was sent to these; null for one that is not there.</param>
    public void CheckServed(IEventLog log, IReadOnlyList<List<EventSets.Read>?> records, IReadOnlyDictionary<string, string?> digests)
    {
        CheckLog(log, records);
        Reference reference = Reference.Replay([.. records.Select(r => r ?? [])], Small.Valued, SharedRows.Device.OpenBackend());
        var expected = reference.Streams.ToHashSet();
        foreach ((string stream, string? digest) in digests)
        {
            Unless(digest == (expected.Contains(stream) ? reference.Digest(stream) : null),
                $"Stream {stream} is served, and its state is not that of the log's events, one after the other.");
        }
    }

    private void CheckAcknowledged(Dictionary<string, long> found, IReadOnlyList<List<EventSets.Read>?> records)
    {
        var last = new Dictionary<(int Client, int Partition), long>();
        foreach (SentEvent e in _acknowledged)
        {
            int partition = EventSets.PartitionOf(e.Stream, records.Count);
            if (records[partition] is null)
            {
                continue;
            }
            Unless(found.TryGetValue(e.Id, out long sequence), $"Event '{e.Id}' was acknowledged and is not in the log.");
            long told = e.Acknowledged!.Parts.Single(part => part.Partition == partition).Sequence;
            Unless(sequence <= told, $"Event '{e.Id}' is record {sequence}, behind the position {told} that its sender was told.");
            long before = last.GetValueOrDefault((e.Client, partition));
            Unless(sequence > before, $"Event '{e.Id}' is record {sequence}, and its client's event before is record {before}.");
            last[(e.Client, partition)] = sequence;
        }
    }

    /// <summary>Everything in the log was applied once or is a dead letter, and the state is that of one event at a time.</summary>
    public static void CheckState(Reference reference, StateReport state)
    {
        Unless(state.Applied == reference.Applied, $"{state.Applied} events were applied, the log has {reference.Applied} to apply.");
        string[] expected = [.. reference.DeadLetters.Select(l => $"{l.Partition}-{l.Sequence} {l.Reason}").Order(StringComparer.Ordinal)];
        string[] letters = [.. state.DeadLetters.Select(l => $"{l.Partition}-{l.Sequence} {l.Reason}").Order(StringComparer.Ordinal)];
        Unless(letters.SequenceEqual(expected),
            $"Dead letters are [{string.Join(", ", letters)}], the log makes [{string.Join(", ", expected)}].");
        Unless(state.DeadLetterCount == expected.Length, $"{state.DeadLetterCount} dead letters are counted, {expected.Length} are there.");
        Unless(state.Digest == reference.Digest(), $"The state is not that of the log's events, one after the other.");
    }
}

/// <summary>What a platform says of its state.</summary>
internal sealed record StateReport(long Applied, long DeadLetterCount, IReadOnlyList<DeadLetter> DeadLetters, string Digest);
