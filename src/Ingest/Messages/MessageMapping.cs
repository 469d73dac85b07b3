using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Where the fields of an event are in messages that somebody else designed.</summary>
/// <remarks>
/// A text like <c>stream=/device/id,time=/ts,mark=/type,id=@property.message-id</c>. A place is a JSON pointer (RFC 6901) into each object
/// of the body, <c>@partitionKey</c>, <c>@enqueuedTime</c>, or <c>@property.NAME</c>. <c>time:ms</c>, <c>time:us</c> and <c>time:ns</c>
/// say that numbers are milliseconds and so on, where <c>time</c> takes Unix seconds. <c>values.NAME</c> is a value of the event under that
/// name: a number, or a text that is one. What has a <c>label</c> is a label. A place cannot hold a comma nor end with a blank.
/// </remarks>
public sealed class MessageMapping
{
    private const string Example = "stream=/device/id,time=/ts,mark=/type,id=@property.message-id";

    private static readonly (string Name, EventField Field)[] s_fields =
        [("stream", EventField.Stream), ("time", EventField.Time), ("mark", EventField.Mark), ("id", EventField.Id), ("label", EventField.Label)];

    private static readonly (string Name, TimeUnit Unit)[] s_units =
        [("s", TimeUnit.Seconds), ("ms", TimeUnit.Milliseconds), ("us", TimeUnit.Microseconds), ("ns", TimeUnit.Nanoseconds)];

    private MessageMapping(IReadOnlyList<MappedField> fields) => Fields = fields;

    /// <summary>Stream and time, and mark, id, label and values where they are mapped; each once.</summary>
    internal IReadOnlyList<MappedField> Fields { get; }

    /// <summary>Reads a mapping. <c>stream</c> is required; <c>time</c> is <c>@enqueuedTime</c> when left out; the
    /// others may be left out.</summary>
    /// <exception cref="FormatException">The text is no mapping; the message says where, what was expected and what may have been
    /// meant.</exception>
    public static MessageMapping Parse(string text)
    {
        var fields = new List<MappedField>();
        var values = new EventValues();
        int at = 0;
        foreach (string entry in text.Split(','))
        {
            MappedField field = ParseEntry(entry, at + 1 + (entry.Length - entry.TrimStart().Length), values.Count);
            if (fields.Any(f => f.Name == field.Name))
            {
                throw new FormatException($"The mapping names '{field.Name}' twice, again in '{entry.Trim()}'; expected it once.");
            }
            if (field.Field >= EventField.Value && values.TryAdd(field.Value, 0) is { } reason)
            {
                throw new FormatException($"The mapping names '{VisibleText.Of(field.Name)}'. {reason}");
            }
            fields.Add(field);
            at += entry.Length + 1;
        }
        if (fields.All(f => f.Field != EventField.Stream))
        {
            throw new FormatException("The mapping names no place for 'stream'; expected one, such as stream=/device/id or "
                + "stream=@partitionKey.");
        }
        if (fields.All(f => f.Field != EventField.Time))
        {
            fields.Add(new MappedField("time", EventField.Time, TimeUnit.Seconds, MappedPlace.EnqueuedTime));
        }
        return new MessageMapping(fields);
    }

    /// <summary>The mapping as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Join(',', Fields);

    private static MappedField ParseEntry(string entry, int position, int valuesBefore)
    {
        int equals = entry.IndexOf('=');
        if (equals < 0 || entry.AsSpan(0, equals).IsWhiteSpace() || entry.AsSpan(equals + 1).IsWhiteSpace())
        {
            throw new FormatException(
                $"The mapping must be a list of FIELD=PLACE, such as {Example}; got '{entry.Trim()}' at character {position}.");
        }
        string left = entry[..equals].Trim(), place = entry[(equals + 1)..].Trim();
        bool isValue = left.StartsWith(MappedField.ValuePrefix, StringComparison.Ordinal);
        string[] names = isValue ? [left] : left.Split(':', 2);
        (string name, EventField field) = isValue ? (left, (EventField)((int)EventField.Value << Math.Min(valuesBefore, EventValues.Most)))
            : s_fields.FirstOrDefault(f => f.Name == names[0]);
        if (name is null)
        {
            throw new FormatException($"The mapping names '{names[0]}' at character {position}; expected stream, time, mark, id, label or values.NAME."
                + Meant(OtherNames.FieldOf(names[0])));
        }
        var mapped = new MappedField(name, field, names.Length == 1 ? TimeUnit.Seconds : ParseUnit(name, names[1]),
            MappedPlace.Parse(name, place));
        if (mapped.Place.Kind == PlaceKind.EnqueuedTime && (field != EventField.Time || names.Length > 1))
        {
            throw new FormatException($"The mapping reads '{entry[..equals].Trim()}' from @enqueuedTime, which is a time and no number; "
                + "expected it as time=@enqueuedTime.");
        }
        return mapped;
    }

    private static TimeUnit ParseUnit(string name, string unit)
    {
        if (name != "time")
        {
            throw new FormatException($"The mapping gives '{name}' the unit '{unit}'; expected a unit with time only, such as time:ms.");
        }
        (string found, TimeUnit read) = s_units.FirstOrDefault(u => u.Name == unit);
        return found is not null
            ? read
            : throw new FormatException($"The mapping gives 'time' the unit '{unit}'; expected time (seconds), time:ms, time:us or time:ns.");
    }

    private static string Meant(string? name) => name is null ? "" : $" Did you mean '{name}'?";
}
