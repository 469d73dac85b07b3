using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Reads the events of a broker's messages: by a mapping where there is one, else by content type and properties.</summary>
/// <remarks>
/// Without a mapping a message is a CloudEvent in binary mode (properties cloudEvents:*, cloudEvents_* or ce_*, whatever their case), or
/// its content type says what its body is: JSON, NDJSON, a CloudEvent or a batch of them. Without a content type the body is NDJSON where
/// its lines cannot be one JSON document, else JSON.
/// With a mapping the properties of a CloudEvent and the content type of a JSON body mean nothing of their own.
/// It keeps memory between messages: one decoder for each partition that is read. Not thread-safe.
/// </remarks>
public sealed class MessageDecoder
{
    /// <summary>Index of a rejection that is of a whole message: it cannot be read, or holds one event only.</summary>
    public const int WholeMessage = -1;

    private static readonly JsonBodyDecoder s_cloudEvent = new JsonEventDecoder(new CloudEventSchema(), BodyShape.One);

    private readonly EscapeScratch _scratch = new();
    private readonly BinaryCloudEvent _binary = new();
    private readonly MappedEventSchema? _mapped;
    private readonly BodyDecoders _bodies;

    /// <param name="mapping">Where an event's fields are; null where messages say so themselves.</param>
    public MessageDecoder(MessageMapping? mapping = null)
    {
        _mapped = mapping is null ? null : new MappedEventSchema(mapping);
        _bodies = new BodyDecoders(_mapped);
    }

    /// <summary>Adds the message's good events to a batch and counts its bad ones, both in the message's order. A message that cannot
    /// be read to its end adds no event: the batch is then as it was.</summary>
    /// <param name="message">The message. Whatever it holds, nothing is thrown.</param>
    /// <param name="into">Takes the events, behind those that it already holds.</param>
    /// <param name="rejections">Takes each event that is refused, with its place in the message, or one of
    /// <see cref="WholeMessage"/>.</param>
    public void Decode(in BrokerMessage message, EventBatch into, Rejections rejections)
    {
        int events = into.Count, refused = rejections.Count;
        string? reason;
        try
        {
            reason = TryDecode(message, into, rejections);
        }
        catch (MalformedBodyException malformed)
        {
            reason = malformed.Message;
        }
        if (reason is not null)
        {
            into.Truncate(events);
            rejections.Truncate(refused);
            rejections.Add(WholeMessage, reason);
        }
        else if (into.Count == events && rejections.Count == refused + 1)
        {
            rejections.RenumberLast(WholeMessage);
        }
    }

    private string? TryDecode(in BrokerMessage message, EventBatch into, Rejections rejections)
    {
        string? reason;
        if (_mapped is not null)
        {
            reason = _mapped.Begin(message);
            if (reason is not null || !_mapped.ReadsBody)
            {
                return reason ?? _mapped.AddWithoutBody(into);
            }
        }
        else if (!StructuredCloudEvent.IsNamedBy(message.ContentType)
            && _binary.Is(message, _scratch, out ReadOnlySpan<byte> structured, out reason))
        {
            if (reason is null)
            {
                s_cloudEvent.Decode(structured, into, rejections, _scratch);
            }
            return reason;
        }
        reason = _bodies.Choose(message, out JsonBodyDecoder? decoder);
        decoder?.Decode(message.Body.Span, into, rejections, _scratch);
        return reason;
    }
}
