using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>The fields of a mapping that stand beside a message's body. They are read once a message and are those of each of its
/// events.</summary>
/// <param name="fields">The mapping's fields; those within the body are left alone.</param>
internal sealed class BesideBody(IReadOnlyList<MappedField> fields)
{
    private readonly MappedField[] _fields = [.. fields.Where(f => f.Place.Kind != PlaceKind.Pointer)];
    private readonly EscapeScratch _texts = new();
    private readonly EventValues _values = new();
    private int _streamLength, _markLength, _idLength, _labelLength;
    private long _timeTicks;

    /// <summary>Reads them from a message. One that is not there is none, but for stream and time.</summary>
    /// <returns>Null, or the reason why the message holds no event.</returns>
    public string? Read(in BrokerMessage message)
    {
        _values.Clear();
        foreach (MappedField field in _fields)
        {
            string? reason = null;
            switch (field.Place.Kind)
            {
                case PlaceKind.EnqueuedTime:
                    _timeTicks = message.EnqueuedTicks;
                    break;
                case PlaceKind.PartitionKey:
                    reason = Read(field, message.PartitionKey, "partition key");
                    break;
                default:
                    reason = Read(field, message.Properties?.GetValueOrDefault(field.Place.Property), "such property");
                    break;
            }
            if (reason is not null)
            {
                return field.Explain(reason);
            }
        }
        return null;
    }

    /// <summary>Gives an event what was read.</summary>
    /// <param name="decoded">The event; of the values it holds what is in <paramref name="values"/>.</param>
    /// <param name="values">Takes the values; what it had goes.</param>
    public void CopyTo(scoped ref DecodedEvent decoded, EventValues values)
    {
        decoded.Stream = _texts.Stream.AsSpan(0, _streamLength);
        decoded.TimeTicks = _timeTicks;
        decoded.Mark = _texts.Mark.AsSpan(0, _markLength);
        decoded.Id = _texts.Id.AsSpan(0, _idLength);
        decoded.Label = _texts.Label.AsSpan(0, _labelLength);
        values.Set(_values);
    }

    private string? Read(MappedField field, object? value, string what)
    {
        if (value is null && field.IsRequired)
        {
            return $"'{field.Name}' is missing: the message has no {what}. Send one, or map another place.";
        }
        switch (field.Field)
        {
            case EventField.Stream:
                return Read(value, field.Name, _texts.Stream, out _streamLength);
            case EventField.Mark:
                return Read(value, field.Name, _texts.Mark, out _markLength);
            case EventField.Id:
                return Read(value, field.Name, _texts.Id, out _idLength);
            case EventField.Label:
                return Read(value, field.Name, _texts.Label, out _labelLength);
            case >= EventField.Value:
                return Read(value, field.Name, _texts.Other, out int digits)
                    ?? field.ReadValue(_texts.Other.AsSpan(0, digits), _values);
            default:
                return Read(value, field.Name, _texts.Other, out int length)
                    ?? field.ParseTime(_texts.Other.AsSpan(0, length), out _timeTicks);
        }
    }

    private static string? Read(object? value, string name, byte[] text, out int length)
    {
        length = 0;
        return value is null ? null : PropertyText.Read(value, name, text, out length);
    }
}
