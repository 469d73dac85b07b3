using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;
using Foretell.Engine.Events;
using Foretell.Ingest.Messages;

namespace Foretell.Ingest.EventHubs;

/// <summary>An event of Event Hubs as a message of any broker.</summary>
internal static class EventHubMessage
{
    /// <summary>Takes an event; its memory is the library's.</summary>
    public static BrokerMessage Of(EventData data)
    {
        AmqpAnnotatedMessage raw = data.GetRawAmqpMessage();
        ReadOnlyMemory<byte> body = Body(raw, out string? unreadable);
        return new BrokerMessage
        {
            Number = data.SequenceNumber,
            EnqueuedTicks = EventTime.FromDateTimeOffset(data.EnqueuedTime),
            PartitionKey = data.PartitionKey,
            ContentType = raw.HasSection(AmqpMessageSection.Properties) ? data.ContentType : null,
            Body = body,
            // Asking for properties that are not there would make an empty table of them.
            Properties = raw.HasSection(AmqpMessageSection.ApplicationProperties)
                ? (IReadOnlyDictionary<string, object?>)data.Properties : null,
            Unreadable = unreadable,
        };
    }

    private static ReadOnlyMemory<byte> Body(AmqpAnnotatedMessage raw, out string? unreadable)
    {
        unreadable = null;
        if (raw.Body.TryGetData(out IEnumerable<ReadOnlyMemory<byte>>? sections))
        {
            ReadOnlyMemory<byte> first = default;
            List<byte>? joined = null;
            int count = 0;
            foreach (ReadOnlyMemory<byte> section in sections!)
            {
                if (count++ == 0)
                {
                    first = section;
                    continue;
                }
                (joined ??= [.. first.Span]).AddRange(section.Span);
            }
            return joined?.ToArray() ?? first;
        }
        if (raw.Body.TryGetValue(out object? value))
        {
            switch (value)
            {
                case string text:
                    return System.Text.Encoding.UTF8.GetBytes(text);
                case byte[] bytes:
                    return bytes;
                case ReadOnlyMemory<byte> memory:
                    return memory;
            }
            unreadable = $"The event's body is an AMQP value of type {value?.GetType().Name ?? "null"}; it must be text or bytes: send JSON.";
            return default;
        }
        unreadable = "The event's body is an AMQP sequence; it must be text or bytes: send JSON.";
        return default;
    }
}
