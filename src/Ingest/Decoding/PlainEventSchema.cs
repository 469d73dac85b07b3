using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>Foretell's own event: stream, time, optional mark, id and values; or stream, time and a label.</summary>
/// <param name="zone">Zone of times without an offset; null refuses them.</param>
internal sealed class PlainEventSchema(TimeZoneInfo? zone = null) : EventSchema
{
    [Flags]
    private enum Field
    {
        None = 0,
        Stream = 1,
        Time = 2,
        Mark = 4,
        Id = 8,
        Values = 16,
        Label = 32,
    }

    /// <inheritdoc/>
    public override string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        var seen = Field.None;
        string? reason = null;
        OtherNames others = default;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Field field = FieldOf(JsonToken.Name(ref json, scratch));
            if (field == Field.None && !json.ValueIsEscaped)
            {
                others.Note(json.ValueSpan);
            }
            json.Read();
            if (field != Field.None && reason is null)
            {
                reason = (seen & field) != 0
                    ? Twice(field.ToString().ToLowerInvariant())
                    : ReadField(ref json, field, scratch, ref decoded);
                seen |= field;
            }
            json.Skip();
        }
        if (reason is not null)
        {
            return reason;
        }
        if ((seen & Field.Stream) == 0)
        {
            return $"'stream' is missing; expected a string of 1 to 256 bytes.{OtherNames.Meant(others.Stream, "stream")}";
        }
        if ((seen & Field.Time) == 0)
        {
            return $"'time' is missing; expected {TimeText.Expected}.{OtherNames.Meant(others.Time, "time")}";
        }
        // Taken without its mark, the event would tell less than its sender thinks it does.
        return (seen & Field.Mark) == 0 && !decoded.IsLabel && !others.Mark.IsEmpty
            ? $"'mark', which says what happened, is missing.{OtherNames.Meant(others.Mark, "mark")}"
            : null;
    }

    private string? ReadField(scoped ref Utf8JsonReader json, Field field, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        switch (field)
        {
            case Field.Stream:
                return JsonToken.ReadTextOrInteger(ref json, "stream", scratch.Stream, out decoded.Stream);
            case Field.Time:
                return JsonToken.ReadTime(ref json, out decoded.TimeTicks, zone);
            case Field.Mark:
                return json.TokenType == JsonTokenType.Null
                    ? null
                    : JsonToken.ReadTextOrInteger(ref json, "mark", scratch.Mark, out decoded.Mark);
            case Field.Id:
                return json.TokenType == JsonTokenType.Null
                    ? null
                    : JsonToken.ReadText(ref json, "id", scratch.Id, out decoded.Id);
            case Field.Values:
                return JsonValues.Read(ref json, scratch, ref decoded);
            default:
                return ReadLabel(ref json, scratch, ref decoded);
        }
    }

    private static string? ReadLabel(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        decoded.IsLabel = json.TokenType != JsonTokenType.Null;
        return decoded.IsLabel ? JsonToken.ReadTextOrInteger(ref json, "label", scratch.Label, out decoded.Label) : null;
    }

    private static Field FieldOf(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2 when name.SequenceEqual("id"u8):
                return Field.Id;
            case 4 when name.SequenceEqual("time"u8):
                return Field.Time;
            case 4 when name.SequenceEqual("mark"u8):
                return Field.Mark;
            case 5 when name.SequenceEqual("label"u8):
                return Field.Label;
            case 6 when name.SequenceEqual("stream"u8):
                return Field.Stream;
            case 6 when name.SequenceEqual("values"u8):
                return Field.Values;
            default:
                return Field.None;
        }
    }
}
