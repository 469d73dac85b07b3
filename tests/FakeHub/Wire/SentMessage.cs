using System.Text;

namespace Foretell.FakeHub.Wire;

/// <summary>One encoded message as a sender sent it, cut where the broker puts its own annotations.</summary>
internal readonly ref struct SentMessage
{
    /// <summary>Message format of a batch: each of its data sections is one whole encoded message.</summary>
    public const uint BatchFormat = 0x80013700;

    private readonly ReadOnlySpan<byte> _annotations;
    private readonly ReadOnlySpan<byte> _bare;

    /// <exception cref="FormatException">This is no AMQP message.</exception>
    public SentMessage(ReadOnlySpan<byte> encoded)
    {
        var reader = new AmqpReader(encoded);
        while (!reader.IsAtEnd)
        {
            int start = reader.At;
            byte section = reader.Section();
            if (section >= Section.Properties)
            {
                // Header and delivery annotations are for the next hop only; the bare message goes on as it is.
                _bare = encoded[start..];
                return;
            }
            ReadOnlySpan<byte> value = reader.Value();
            if (section == Section.MessageAnnotations)
            {
                CheckMap(value);
                _annotations = value;
            }
        }
    }

    /// <summary>Key that chose the partition, or null.</summary>
    public string? PartitionKey => Find("x-opt-partition-key"u8) is { Length: > 0 } value
        ? Encoding.UTF8.GetString(AmqpReader.Content(value))
        : null;

    /// <summary>Id of the idempotent producer that numbered this event, or null.</summary>
    public long? ProducerId => Find("com.microsoft:producer-id"u8) is { Length: > 0 } value ? AmqpReader.Integer(value) : null;

    /// <summary>The producer's number of this event, or null.</summary>
    public long? ProducerSequenceNumber =>
        Find("com.microsoft:producer-sequence-number"u8) is { Length: > 0 } value ? AmqpReader.Integer(value) : null;

    /// <summary>The messages within a batch.</summary>
    public static List<ReadOnlyMemory<byte>> Unpack(ReadOnlyMemory<byte> batch)
    {
        var messages = new List<ReadOnlyMemory<byte>>();
        var reader = new AmqpReader(batch.Span);
        while (!reader.IsAtEnd)
        {
            byte section = reader.Section();
            int size = AmqpReader.Content(reader.Value()).Length;
            if (section == Section.Data)
            {
                messages.Add(batch.Slice(reader.At - size, size));
            }
        }
        return messages;
    }

    /// <summary>Writes the message as receivers get it, with what the broker knows about it.</summary>
    /// <param name="enqueuedTime">Milliseconds since 1970.</param>
    public void Write(AmqpWriter writer, long sequenceNumber, string offset, long enqueuedTime, string? partitionKey)
    {
        int map = writer.BeginMap(Section.MessageAnnotations), entries = 3;
        writer.Symbol("x-opt-sequence-number"u8);
        writer.Long(sequenceNumber);
        writer.Symbol("x-opt-offset"u8);
        writer.String(offset);
        writer.Symbol("x-opt-enqueued-time"u8);
        writer.Timestamp(enqueuedTime);
        if (partitionKey is not null)
        {
            entries++;
            writer.Symbol("x-opt-partition-key"u8);
            writer.String(partitionKey);
        }
        var own = new AmqpReader(_annotations);
        for (int left = own.IsAtEnd ? 0 : own.Map(); left > 0; left--)
        {
            ReadOnlySpan<byte> key = own.Value(), value = own.Value();
            if (!IsBrokers(AmqpReader.Content(key)))
            {
                entries++;
                writer.Raw(key);
                writer.Raw(value);
            }
        }
        writer.EndMap(map, entries);
        writer.Raw(_bare);
    }

    // Once here, so that no later reading of the map fails half-way.
    private static void CheckMap(ReadOnlySpan<byte> map)
    {
        var reader = new AmqpReader(map);
        for (int left = reader.Map(); left > 0; left--)
        {
            reader.Value();
            reader.Value();
        }
    }

    /// <summary>Whether the broker writes this annotation itself, or keeps it to itself.</summary>
    private static bool IsBrokers(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("x-opt-sequence-number"u8) || name.SequenceEqual("x-opt-offset"u8)
        || name.SequenceEqual("x-opt-enqueued-time"u8) || name.SequenceEqual("x-opt-partition-key"u8)
        || name.StartsWith("com.microsoft:producer-"u8);

    /// <summary>Value of an annotation with its constructor, or nothing.</summary>
    private ReadOnlySpan<byte> Find(ReadOnlySpan<byte> name)
    {
        var reader = new AmqpReader(_annotations);
        for (int left = reader.IsAtEnd ? 0 : reader.Map(); left > 0; left--)
        {
            bool isIt = AmqpReader.Content(reader.Value()).SequenceEqual(name);
            ReadOnlySpan<byte> value = reader.Value();
            if (isIt)
            {
                return value;
            }
        }
        return [];
    }
}
