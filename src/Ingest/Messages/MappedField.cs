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
}

/// <summary>One field of a mapping.</summary>
/// <param name="Name">The field's name, for reasons.</param>
/// <param name="Field">The field; one alone.</param>
/// <param name="Unit">What a time's numbers count.</param>
/// <param name="Place">Where its value is.</param>
internal sealed record MappedField(string Name, EventField Field, TimeUnit Unit, MappedPlace Place)
{
    /// <summary>Whether an event needs it.</summary>
    public bool IsRequired => Field is EventField.Stream or EventField.Time;

    /// <summary>What its value looks like, for reasons.</summary>
    public string Expected => Field == EventField.Time ? TimeText.ExpectedIn(Unit) : "a string, a number or a boolean";

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
