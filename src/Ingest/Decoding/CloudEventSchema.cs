using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>
/// A CloudEvent in structured mode: subject (else source) is the stream, time the event time, type the mark,
/// id the id. Of the data its values are read, and the label of a type of its own (<see cref="CloudEventData"/>); extension attributes are
/// ignored.
/// </summary>
/// <remarks>Source: CloudEvents 1.0.2, core specification and JSON event format. Attributes that are null count
/// as absent, as the format says. `time` is optional there and required here, since a forecast needs it.</remarks>
internal sealed class CloudEventSchema : EventSchema
{
    [Flags]
    private enum Attribute
    {
        None = 0,
        SpecVersion = 1,
        Id = 2,
        Source = 4,
        Type = 8,
        Subject = 16,
        Time = 32,
        Data = 64,
    }

    private static readonly (Attribute Attribute, string Missing)[] s_required =
    [
        (Attribute.SpecVersion, "'specversion' is missing; expected \"1.0\"."),
        (Attribute.Id, "'id' is missing; a CloudEvent needs one."),
        (Attribute.Source, "'source' is missing; a CloudEvent needs one."),
        (Attribute.Type, "'type' is missing; a CloudEvent needs one."),
        (Attribute.Time, "'time' is missing; expected an RFC 3339 time, since a forecast needs to know when an event happened."),
    ];

    /// <inheritdoc/>
    public override string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        var seen = Attribute.None;
        string? reason = null, label = "'data' is missing; expected an object with a 'label'.";
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Attribute attribute = AttributeOf(JsonToken.Name(ref json, scratch));
            json.Read();
            if (attribute != Attribute.None && json.TokenType != JsonTokenType.Null && reason is null)
            {
                reason = (seen & attribute) != 0
                    ? Twice(attribute.ToString().ToLowerInvariant())
                    : attribute == Attribute.Data ? CloudEventData.Read(ref json, scratch, ref decoded, out label)
                    : ReadAttribute(ref json, attribute, (seen & Attribute.Subject) != 0, scratch, ref decoded);
                seen |= attribute;
            }
            json.Skip();
        }
        for (int i = 0; reason is null && i < s_required.Length; i++)
        {
            reason = (seen & s_required[i].Attribute) == 0 ? s_required[i].Missing : null;
        }
        if (reason is not null || !decoded.Mark.SequenceEqual(CloudEventData.LabelType))
        {
            return reason;
        }
        // The type says that it is a label, so it is not what happened.
        decoded.IsLabel = true;
        decoded.Mark = default;
        return label;
    }

    private static string? ReadAttribute(scoped ref Utf8JsonReader json, Attribute attribute, bool hasSubject,
        EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        switch (attribute)
        {
            case Attribute.SpecVersion:
                return json.TokenType == JsonTokenType.String && json.ValueSpan.SequenceEqual("1.0"u8)
                    ? null
                    : $"'specversion' must be \"1.0\", got {JsonToken.Seen(ref json)}.";
            case Attribute.Id:
                return ReadNonEmpty(ref json, "id", scratch.Id, out decoded.Id);
            case Attribute.Type:
                return ReadNonEmpty(ref json, "type", scratch.Mark, out decoded.Mark);
            case Attribute.Subject:
                return ReadNonEmpty(ref json, "subject", scratch.Stream, out decoded.Stream);
            case Attribute.Source:
                // The subject wins, whichever of the two comes first; the source is then only checked.
                string? reason = ReadNonEmpty(ref json, "source", scratch.Other, out ReadOnlySpan<byte> source);
                if (!hasSubject)
                {
                    decoded.Stream = source;
                }
                return reason;
            default:
                return json.TokenType == JsonTokenType.String
                    ? JsonToken.ReadTime(ref json, out decoded.TimeTicks)
                    : $"'time' must be an RFC 3339 string with an offset, got {JsonToken.Seen(ref json)}.";
        }
    }

    private static string? ReadNonEmpty(scoped ref Utf8JsonReader json, string attribute, byte[] scratch, out ReadOnlySpan<byte> text) =>
        JsonToken.ReadText(ref json, attribute, scratch, out text)
        ?? (text.IsEmpty ? $"'{attribute}' must not be empty." : null);

    private static Attribute AttributeOf(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2 when name.SequenceEqual("id"u8):
                return Attribute.Id;
            case 4 when name.SequenceEqual("time"u8):
                return Attribute.Time;
            case 4 when name.SequenceEqual("type"u8):
                return Attribute.Type;
            case 4 when name.SequenceEqual("data"u8):
                return Attribute.Data;
            case 6 when name.SequenceEqual("source"u8):
                return Attribute.Source;
            case 7 when name.SequenceEqual("subject"u8):
                return Attribute.Subject;
            case 11 when name.SequenceEqual("specversion"u8):
                return Attribute.SpecVersion;
            default:
                return Attribute.None;
        }
    }
}
