using System.Text;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Chooses the decoder of a message's body: by its content type, and where it has none by how the body looks.</summary>
internal sealed class BodyDecoders
{
    private const string Readable = "application/json, application/x-ndjson, application/cloudevents+json or "
        + "application/cloudevents-batch+json";

    private readonly JsonBodyDecoder _json, _ndjson;
    private readonly bool _isMapped;

    // Messages of one hub mostly say the same; reading what they say costs more than a small body.
    private string? _contentType;
    private EventDecoder? _ofContentType;

    /// <param name="mapped">Reads every JSON body; null where its content type says how.</param>
    public BodyDecoders(EventSchema? mapped)
    {
        EventSchema schema = mapped ?? new PlainEventSchema();
        _json = new JsonEventDecoder(schema, BodyShape.OneOrArray);
        _ndjson = new NdjsonEventDecoder(schema);
        _isMapped = mapped is not null;
    }

    /// <summary>Chooses.</summary>
    /// <param name="message">The message.</param>
    /// <param name="decoder">Reads its body; null where the result is a reason.</param>
    /// <returns>Null, or the reason why the body cannot be read.</returns>
    public string? Choose(in BrokerMessage message, out JsonBodyDecoder? decoder)
    {
        decoder = null;
        if (message.Unreadable is not null)
        {
            return message.Unreadable;
        }
        ReadOnlySpan<byte> body = EventDecoder.WithoutByteOrderMark(message.Body.Span).TrimStart(" \t\r\n"u8);
        if (body.IsEmpty)
        {
            return $"The message has no body; expected {(_isMapped ? "JSON, which the mapping reads" : "an event in JSON")}.";
        }
        if (string.IsNullOrWhiteSpace(message.ContentType))
        {
            return ByLook(body, "The message has no content type, and its body", out decoder);
        }
        switch (OfContentType(message.ContentType))
        {
            case NdjsonEventDecoder:
                decoder = _ndjson;
                return null;
            case JsonBodyDecoder typed:
                decoder = _isMapped ? _json : typed;
                return null;
            case not null:
                return "A table (text/csv) is not read from a message; expected JSON. Send its rows as application/x-ndjson, one event a line.";
            default:
                return _isMapped
                    ? ByLook(body, $"The body, sent as {Shown(message.ContentType)},", out decoder)
                    : $"Content type {Shown(message.ContentType)} is not read from a message; expected {Readable}, in UTF-8. "
                        + "Send one of these, none where the body is JSON, or map the fields of the message.";
        }
    }

    private EventDecoder? OfContentType(string contentType)
    {
        if (contentType != _contentType)
        {
            (_contentType, _ofContentType) = (contentType, EventDecoder.For(contentType));
        }
        return _ofContentType;
    }

    private string? ByLook(ReadOnlySpan<byte> body, string subject, out JsonBodyDecoder? decoder)
    {
        decoder = JsonLines.AreIn(body) ? _ndjson : body[0] is (byte)'{' or (byte)'[' ? _json : null;
        return decoder is not null
            ? null
            : $"{subject} begins with {JsonToken.Shown(body)}; expected JSON, which begins with {{ or [."
                + (_isMapped ? " Map no place in the body where it is not JSON." : $" Send JSON, or a content type that is read: {Readable}.");
    }

    private static string Shown(string contentType) => JsonToken.Shown(Encoding.UTF8.GetBytes(contentType));
}
