using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Reads events by a mapping: what stands beside a message's body once a message, the rest from each object of the body.</summary>
/// <param name="mapping">Where the fields are.</param>
internal sealed class MappedEventSchema(MessageMapping mapping) : EventSchema
{
    private readonly PointerNode _root = PointerNode.Of(mapping.Fields);
    private readonly MappedField[] _fields = [.. mapping.Fields];

    // What stands beside the body of the message that is being read.
    private readonly EscapeScratch _beside = new();
    private int _streamLength, _markLength, _idLength;
    private long _timeTicks;

    /// <summary>Whether some field is in the body.</summary>
    public bool ReadsBody => _root.HasChildren;

    /// <summary>Begins a message: reads what stands beside its body.</summary>
    /// <returns>Null, or the reason why the message holds no event.</returns>
    public string? Begin(in BrokerMessage message)
    {
        foreach (MappedField field in _fields)
        {
            string? reason = field.Place.Kind switch
            {
                PlaceKind.Pointer => null,
                PlaceKind.EnqueuedTime => Take(message.EnqueuedTicks),
                PlaceKind.PartitionKey => ReadBeside(field, message.PartitionKey, "the message has no partition key"),
                _ => ReadBeside(field, message.Properties?.GetValueOrDefault(field.Place.Property), "the message has no such property"),
            };
            if (reason is not null)
            {
                return reason;
            }
        }
        return null;
    }

    /// <summary>Adds the event of a message whose body holds no field.</summary>
    /// <returns>Null, or the reason why the message holds no event.</returns>
    public string? AddWithoutBody(EventBatch batch)
    {
        DecodedEvent decoded = default;
        TakeBeside(ref decoded);
        return batch.TryAdd(decoded.Stream, decoded.TimeTicks, decoded.Mark, decoded.Id);
    }

    /// <inheritdoc/>
    public override string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        TakeBeside(ref decoded);
        var seen = EventField.None;
        string? reason = Walk(ref json, _root, scratch, ref decoded, ref seen);
        for (int i = 0; reason is null && i < _fields.Length; i++)
        {
            MappedField field = _fields[i];
            if (field.IsRequired && field.Place.Kind == PlaceKind.Pointer && (seen & field.Field) == 0)
            {
                reason = field.Explain($"'{field.Name}' is missing; expected {Expected(field)}.");
            }
        }
        return reason;
    }

    /// <summary>Reads the value on which the reader stands, and leaves it on the value's end whatever the outcome.</summary>
    private string? Walk(scoped ref Utf8JsonReader json, PointerNode node, EscapeScratch scratch, scoped ref DecodedEvent decoded,
        scoped ref EventField seen)
    {
        string? reason = node.Fields == EventField.None ? null : ReadFields(ref json, node.Fields, scratch, ref decoded, ref seen);
        if (node.HasChildren && json.TokenType == JsonTokenType.StartObject)
        {
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                PointerNode? child = reason is null ? node.Child(JsonToken.Name(ref json, scratch)) : null;
                json.Read();
                reason = WalkOrSkip(ref json, child, reason, scratch, ref decoded, ref seen);
            }
        }
        else if (node.HasChildren && json.TokenType == JsonTokenType.StartArray)
        {
            for (int i = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; i++)
            {
                reason = WalkOrSkip(ref json, reason is null ? node.Child(i) : null, reason, scratch, ref decoded, ref seen);
            }
        }
        else
        {
            json.Skip();
        }
        return reason;
    }

    private string? WalkOrSkip(scoped ref Utf8JsonReader json, PointerNode? child, string? reason, EscapeScratch scratch,
        scoped ref DecodedEvent decoded, scoped ref EventField seen)
    {
        if (child is not null)
        {
            return Walk(ref json, child, scratch, ref decoded, ref seen);
        }
        json.Skip();
        return reason;
    }

    private string? ReadFields(scoped ref Utf8JsonReader json, EventField fields, EscapeScratch scratch, scoped ref DecodedEvent decoded,
        scoped ref EventField seen)
    {
        foreach (MappedField field in _fields)
        {
            if ((fields & field.Field) != 0)
            {
                string? reason = (seen & field.Field) != 0 ? Twice(field.Name) : ReadField(ref json, field, scratch, ref decoded);
                if (reason is not null)
                {
                    return field.Explain(reason);
                }
                seen |= field.Field;
            }
        }
        return null;
    }

    private static string? ReadField(scoped ref Utf8JsonReader json, MappedField field, EscapeScratch scratch,
        scoped ref DecodedEvent decoded)
    {
        if (json.TokenType == JsonTokenType.Null && !field.IsRequired)
        {
            return null;
        }
        return field.Field switch
        {
            EventField.Stream => JsonToken.ReadScalar(ref json, field.Name, scratch.Stream, out decoded.Stream),
            EventField.Mark => JsonToken.ReadScalar(ref json, field.Name, scratch.Mark, out decoded.Mark),
            EventField.Id => JsonToken.ReadScalar(ref json, field.Name, scratch.Id, out decoded.Id),
            _ => ReadTime(ref json, field.Unit, scratch.Other, out decoded.TimeTicks),
        };
    }

    /// <summary>Reads a time; a string may hold a number, too, since who maps did not write it.</summary>
    private static string? ReadTime(scoped ref Utf8JsonReader json, TimeUnit unit, byte[] scratch, out long ticks)
    {
        ticks = 0;
        switch (json.TokenType)
        {
            case JsonTokenType.Number:
                return NameUnit(TimeText.ParseUnix(json.ValueSpan, unit, out ticks), json.ValueSpan, unit);
            case JsonTokenType.String:
                string? reason = JsonToken.ReadText(ref json, "time", scratch, out ReadOnlySpan<byte> text);
                return reason ?? NameUnit(TimeText.Parse(text, unit, out ticks), text, unit);
            default:
                return $"'time' must be {TimeText.ExpectedIn(unit)}, got {JsonToken.Seen(ref json)}.";
        }
    }

    /// <summary>Reads a value that stands beside the body. None is none for a mark or an id.</summary>
    private string? ReadBeside(MappedField field, object? value, string missing)
    {
        int length = 0;
        string? reason = null;
        if (value is not null)
        {
            reason = PropertyText.Read(value, field.Name, BufferOf(field), out length);
        }
        else if (field.IsRequired)
        {
            reason = $"'{field.Name}' is missing: {missing}. Send one, or map another place.";
        }
        switch (field.Field)
        {
            case EventField.Stream:
                _streamLength = length;
                break;
            case EventField.Mark:
                _markLength = length;
                break;
            case EventField.Id:
                _idLength = length;
                break;
            default:
                ReadOnlySpan<byte> text = _beside.Other.AsSpan(0, reason is null ? length : 0);
                reason ??= NameUnit(TimeText.Parse(text, field.Unit, out _timeTicks), text, field.Unit);
                break;
        }
        return reason is null ? null : field.Explain(reason);
    }

    private byte[] BufferOf(MappedField field) => field.Field switch
    {
        EventField.Stream => _beside.Stream,
        EventField.Mark => _beside.Mark,
        EventField.Id => _beside.Id,
        _ => _beside.Other,
    };

    private string? Take(long enqueuedTicks)
    {
        _timeTicks = enqueuedTicks;
        return null;
    }

    private void TakeBeside(scoped ref DecodedEvent decoded)
    {
        decoded.Stream = _beside.Stream.AsSpan(0, _streamLength);
        decoded.TimeTicks = _timeTicks;
        decoded.Mark = _beside.Mark.AsSpan(0, _markLength);
        decoded.Id = _beside.Id.AsSpan(0, _idLength);
    }

    private static string Expected(MappedField field) =>
        field.Field == EventField.Time ? TimeText.ExpectedIn(field.Unit) : "a string, a number or a boolean";

    /// <summary>A reason with what helps where senders count in a smaller unit and cannot be changed.</summary>
    private static string? NameUnit(string? reason, ReadOnlySpan<byte> text, TimeUnit unit) =>
        reason is not null && unit == TimeUnit.Seconds && TimeText.UnitMeant(text).Length > 0
            ? $"{reason} Or name the unit in the mapping: time:ms, time:us or time:ns."
            : reason;
}
