using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Reads events by a mapping: what stands beside a message's body once a message, the rest from each object of the body.</summary>
/// <param name="mapping">Where the fields are.</param>
internal sealed class MappedEventSchema(MessageMapping mapping) : EventSchema
{
    private readonly PointerNode _root = PointerNode.Of(mapping.Fields);
    private readonly MappedField[] _inBody = [.. mapping.Fields.Where(f => f.Place.Kind == PlaceKind.Pointer)];
    private readonly BesideBody _beside = new(mapping.Fields);
    private readonly EventValues _values = new();

    /// <summary>Whether some field is in the body.</summary>
    public bool ReadsBody => _root.HasChildren;

    /// <summary>Begins a message: reads what stands beside its body.</summary>
    /// <returns>Null, or the reason why the message holds no event.</returns>
    public string? Begin(in BrokerMessage message) => _beside.Read(message);

    /// <summary>Adds the event of a message whose body holds no field.</summary>
    /// <returns>Null, or the reason why the message holds no event.</returns>
    public string? AddWithoutBody(EventBatch batch)
    {
        DecodedEvent decoded = default;
        _beside.CopyTo(ref decoded, _values);
        Finish(ref decoded);
        return decoded.AddTo(batch);
    }

    /// <inheritdoc/>
    public override string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        _beside.CopyTo(ref decoded, _values);
        var seen = EventField.None;
        string? reason = Walk(ref json, _root, scratch, ref decoded, ref seen);
        for (int i = 0; reason is null && i < _inBody.Length; i++)
        {
            MappedField field = _inBody[i];
            if (field.IsRequired && (seen & field.Field) == 0)
            {
                reason = field.Explain($"'{field.Name}' is missing; expected {field.Expected}.");
            }
        }
        Finish(ref decoded);
        return reason;
    }

    private void Finish(scoped ref DecodedEvent decoded)
    {
        decoded.Values = _values.Encoded;
        decoded.IsLabel = !decoded.Label.IsEmpty;
    }

    /// <summary>Reads the value on which the reader stands and leaves it on the value's end, whatever the outcome. It goes no deeper
    /// than the reader itself allows.</summary>
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
        foreach (MappedField field in _inBody)
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

    private string? ReadField(scoped ref Utf8JsonReader json, MappedField field, EscapeScratch scratch,
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
            EventField.Label => JsonToken.ReadScalar(ref json, field.Name, scratch.Label, out decoded.Label),
            >= EventField.Value => ReadValue(ref json, field, scratch.Other),
            _ => ReadTime(ref json, field, scratch.Other, out decoded.TimeTicks),
        };
    }

    private string? ReadValue(scoped ref Utf8JsonReader json, MappedField field, byte[] scratch) =>
        json.TokenType is JsonTokenType.Number or JsonTokenType.String
            ? JsonToken.ReadScalar(ref json, field.Name, scratch, out ReadOnlySpan<byte> text) ?? field.ReadValue(text, _values)
            : $"'{field.Name}' must be {field.Expected}, got {JsonToken.Seen(ref json)}.";

    private static string? ReadTime(scoped ref Utf8JsonReader json, MappedField field, byte[] scratch, out long ticks)
    {
        ticks = 0;
        return json.TokenType is JsonTokenType.Number or JsonTokenType.String
            ? JsonToken.ReadScalar(ref json, field.Name, scratch, out ReadOnlySpan<byte> text) ?? field.ParseTime(text, out ticks)
            : $"'{field.Name}' must be {field.Expected}, got {JsonToken.Seen(ref json)}.";
    }
}
