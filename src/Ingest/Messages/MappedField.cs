using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>The fields of an event; several where a value is more than one of them.</summary>
[Flags]
internal enum EventField
{
    None = 0,
    Stream = 1,
    Time = 2,
    Mark = 4,
    Id = 8,
    Label = 16,

    /// <summary>The first of the values; those behind it have the next bits, one each.</summary>
    Value = 32,
}

/// <summary>One field of a mapping.</summary>
/// <param name="Name">The field's name, for reasons.</param>
/// <param name="Field">The field; one alone.</param>
/// <param name="Unit">What a time's numbers count.</param>
/// <param name="Place">Where its value is.</param>
internal sealed record MappedField(string Name, EventField Field, TimeUnit Unit, MappedPlace Place)
{
    /// <summary>What stands before a value's name.</summary>
    public const string ValuePrefix = "values.";

    /// <summary>Name of the value, UTF-8; empty where it is another field.</summary>
    public byte[] Value { get; } = Field < EventField.Value ? [] : Encoding.UTF8.GetBytes(Name[ValuePrefix.Length..]);

    /// <summary>Whether an event needs it.</summary>
    public bool IsRequired => Field is EventField.Stream or EventField.Time;

    /// <summary>What its value looks like, for reasons.</summary>
    public string Expected => Field == EventField.Time ? TimeText.ExpectedIn(Unit)
        : Field < EventField.Value ? "a string, a number or a boolean" : ValueText.Expected;

    /// <summary>Reads a time, calendar time or number whichever type held it: who maps did not write it.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="ticks">The time (<see cref="Engine.Events.EventTime"/>).</param>
    /// <returns>Null, or the reason why the text is none, with what helps where senders count a smaller unit.</returns>
    public string? ParseTime(ReadOnlySpan<byte> text, out long ticks)
    {
        string? reason = TimeText.Parse(text, Unit, out ticks);
        return reason is not null && Unit == TimeUnit.Seconds && TimeText.UnitMeant(text).Length > 0
            ? $"{reason} Or name the unit in the mapping: time:ms, time:us or time:ns."
            : reason;
    }

    /// <summary>Reads a value, whichever type held it; nothing is no value.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="into">Takes the value.</param>
    /// <returns>Null, or the reason why the text is none.</returns>
    public string? ReadValue(ReadOnlySpan<byte> text, EventValues into) => text.IsEmpty ? null
        : ValueText.TryParse(text, out double value) ? into.TryAdd(Value, value)
        : $"'{Name}' must be {Expected}, got {JsonToken.Shown(text)}.";

    /// <summary>A reason that also says where the value was looked for: its reader may not know the mapping.</summary>
    public string Explain(string reason) => $"{reason} The mapping says {this}.";

    /// <inheritdoc/>
    public override string ToString() => Unit switch
    {
        TimeUnit.Milliseconds => $"{Name}:ms={Place.Text}",
        TimeUnit.Microseconds => $"{Name}:us={Place.Text}",
        TimeUnit.Nanoseconds => $"{Name}:ns={Place.Text}",
        _ => $"{Name}={Place.Text}",
    };
}
