using System.Collections;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace Foretell.FakeHub.Wire;

/// <summary>Events that tests make or look at, from and to encoded messages.</summary>
internal static class MessageCodec
{
    public static byte[] Encode(HubMessage message)
    {
        using AmqpMessage amqp = WithBody(message);
        if (message.ContentType is not null)
        {
            amqp.Properties.ContentType = message.ContentType;
        }
        if (message.MessageId is not null)
        {
            amqp.Properties.MessageId = message.MessageId;
        }
        if (message.CorrelationId is not null)
        {
            amqp.Properties.CorrelationId = message.CorrelationId;
        }
        if (message.Subject is not null)
        {
            amqp.Properties.Subject = message.Subject;
        }
        foreach ((string name, object? value) in message.Properties)
        {
            amqp.ApplicationProperties.Map[new MapKey(name)] = PropertyValue.ToAmqp(value);
        }
        return Bytes(amqp);
    }

    /// <param name="encoded">A stored message.</param>
    /// <returns>The message, and the partition key among the broker's annotations.</returns>
    public static (HubMessage Message, string? PartitionKey) Decode(ArraySegment<byte> encoded)
    {
        using AmqpMessage amqp = AmqpMessage.CreateInputMessage(new BufferListStream([encoded]));
        amqp.Deserialize(SectionFlag.All);
        bool hasProperties = amqp.Sections.HasFlag(SectionFlag.Properties);
        var message = new HubMessage
        {
            Body = Data(amqp),
            Value = PropertyValue.FromAmqp(amqp.ValueBody?.Value),
            Sequence = amqp.SequenceBody is { } sections
                ? [.. sections.SelectMany(section => section.List.Cast<object?>()).Select(PropertyValue.FromAmqp)]
                : null,
            ContentType = hasProperties ? amqp.Properties.ContentType.Value : null,
            MessageId = hasProperties ? amqp.Properties.MessageId?.ToString() : null,
            CorrelationId = hasProperties ? amqp.Properties.CorrelationId?.ToString() : null,
            Subject = hasProperties ? amqp.Properties.Subject : null,
            Properties = amqp.Sections.HasFlag(SectionFlag.ApplicationProperties)
                ? amqp.ApplicationProperties.Map.ToDictionary(pair => pair.Key.ToString()!, pair => PropertyValue.FromAmqp(pair.Value))
                : [],
        };
        return (message, new SentMessage(encoded).PartitionKey);
    }

    /// <summary>A message as it goes over the wire.</summary>
    public static byte[] Bytes(AmqpMessage message)
    {
        using var stream = (BufferListStream)message.ToStream();
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static AmqpMessage WithBody(HubMessage message)
    {
        if (message.Sequence is not null)
        {
            return AmqpMessage.Create([new AmqpSequence(message.Sequence.Select(PropertyValue.ToAmqp).ToList())]);
        }
        return message.Value is null
            ? AmqpMessage.Create(new Data { Value = new ArraySegment<byte>(message.Body.ToArray()) })
            : AmqpMessage.Create(new AmqpValue { Value = PropertyValue.ToAmqp(message.Value) });
    }

    private static byte[] Data(AmqpMessage amqp) =>
        [.. (amqp.DataBody ?? []).SelectMany(section => section.Value switch
        {
            ArraySegment<byte> segment => segment,
            byte[] bytes => bytes,
            _ => Array.Empty<byte>().AsEnumerable(),
        })];
}
