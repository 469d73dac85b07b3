using System.Text;
using System.Text.Unicode;
using Confluent.Kafka;
using Foretell.Engine.Events;
using Foretell.Ingest.Messages;

namespace Foretell.Ingest.Kafka;

/// <summary>A record of Kafka as a message of any broker.</summary>
internal static class KafkaMessage
{
    private const string ContentType = "content-type";

    /// <summary>Takes a record; its memory is the message's own.</summary>
    /// <param name="offset">Its offset.</param>
    /// <param name="record">Key, value, headers and timestamp. Of headers with one name the last one counts.</param>
    public static BrokerMessage Of(long offset, Message<byte[]?, byte[]?> record)
    {
        Dictionary<string, object?>? properties = null;
        string? contentType = null;
        if (record.Headers is { Count: > 0 } headers)
        {
            properties = new Dictionary<string, object?>(headers.Count);
            foreach (IHeader header in headers)
            {
                byte[]? value = header.GetValueBytes();
                properties[header.Key] = value;
                if (header.Key.Equals(ContentType, StringComparison.OrdinalIgnoreCase))
                {
                    contentType = Text(value);
                }
            }
        }
        return new BrokerMessage
        {
            Number = offset,
            EnqueuedTicks = Ticks(record.Timestamp.UnixTimestampMs),
            PartitionKey = Text(record.Key),
            ContentType = contentType,
            Body = record.Value,
            Properties = properties,
            Unreadable = record.Value is not null ? null
                : "The record has no value: it says that its key is deleted (a tombstone), and holds no event. Send a value, or map no place in it.",
        };
    }

    /// <summary>Bytes as the text that they are; null for none, and for those of numbers and other binary forms.</summary>
    private static string? Text(byte[]? bytes) =>
        bytes is not null && Utf8.IsValid(bytes) && !bytes.AsSpan().ContainsAnyInRange((byte)0, (byte)0x1F)
            ? Encoding.UTF8.GetString(bytes) : null;

    // Where senders set it, it may be any number; only years 1 to 9999 are times.
    private static long Ticks(long unixMilliseconds) => TimeSpan.TicksPerMillisecond * Math.Clamp(unixMilliseconds,
        EventTime.Min / TimeSpan.TicksPerMillisecond, EventTime.Max / TimeSpan.TicksPerMillisecond);
}
