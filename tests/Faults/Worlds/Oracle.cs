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

    /// <summary>Events sent.</summary>
    public int Sent => _sent.Count;

    /// <summary>Events acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

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

    /// <summary>Acknowledged ⊆ in the log ⊆ sent; each once, as it was sent, numbered without gaps and in the order of its
    /// client.</summary>
    public async Task CheckLogAsync(IEventLog log)
    {
        var found = new Dictionary<string, long>();
        for (int partition = 0; partition < log.PartitionCount; partition++)
        {
            long sequence = 0, append = long.MinValue, events = 0;
            foreach (EventSets.Read record in await log.ReadAllAsync(partition, maximum: 97))
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
        CheckAcknowledged(found, log.PartitionCount);
    }

    private void CheckAcknowledged(Dictionary<string, long> found, int partitions)
    {
        var last = new Dictionary<(int Client, int Partition), long>();
        foreach (SentEvent e in _acknowledged)
        {
            int partition = EventSets.PartitionOf(e.Stream, partitions);
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
