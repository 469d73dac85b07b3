using System.Text.Json;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>What a JSON body may be.</summary>
internal enum BodyShape
{
    /// <summary>One event.</summary>
    One,

    /// <summary>An array of events.</summary>
    Array,

    /// <summary>Either.</summary>
    OneOrArray,
}

/// <summary>Events in one JSON document.</summary>
internal sealed class JsonEventDecoder(EventSchema schema, BodyShape shape) : JsonBodyDecoder
{
    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections, EscapeScratch scratch)
    {
        body = WithoutByteOrderMark(body);
        if (body.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            throw new MalformedBodyException("The body is empty; expected JSON.", 1, 1);
        }
        var json = new Utf8JsonReader(body, JsonToken.Strict);
        try
        {
            json.Read();
            bool isArray = json.TokenType == JsonTokenType.StartArray;
            if (shape == BodyShape.Array && !isArray)
            {
                throw new MalformedBodyException(
                    $"The body must be a JSON array of events, got {JsonToken.Seen(ref json)}.", 1, json.TokenStartIndex + 1);
            }
            if (shape == BodyShape.One && isArray)
            {
                throw new MalformedBodyException(
                    "The body must be one event, got an array; send several as application/cloudevents-batch+json.",
                    1, json.TokenStartIndex + 1);
            }

            if (!isArray)
            {
                Add(ref json, 0, scratch, batch, rejections);
            }
            else
            {
                for (int index = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; index++)
                {
                    Add(ref json, index, scratch, batch, rejections);
                }
            }
            // One more read: whatever follows the document makes the body malformed.
            json.Read();
        }
        catch (JsonException error)
        {
            throw MalformedBodyException.From(error);
        }
    }

    private void Add(scoped ref Utf8JsonReader json, int index, EscapeScratch scratch, EventBatch batch, Rejections rejections)
    {
        string? reason;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            reason = $"An event must be a JSON object, got {JsonToken.Seen(ref json)}.";
            json.Skip();
        }
        else
        {
            DecodedEvent decoded = default;
            reason = schema.Read(ref json, scratch, ref decoded)
                ?? decoded.AddTo(batch);
        }
        if (reason is not null)
        {
            rejections.Add(index, reason);
        }
    }
}
