using System.Globalization;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>When the watching of a file's streams ended: between its last event and then, a stream is known to have had none.</summary>
/// <param name="Text">
/// A time as the file has them: of a sequence file a number in its time unit, of an event file RFC 3339 or Unix seconds.
/// Null for the latest event of the file.
/// </param>
public sealed record ObservationEnd(string? Text = null)
{
    /// <summary>The sequences of a sequence file with their ends.</summary>
    /// <exception cref="EventFileException">The end is no number, an event comes after it, or none is named and the streams have
    /// no clock in common.</exception>
    internal List<EventSequence> OfSequences(string path, List<EventSequence> sequences)
    {
        double until = 0;
        if (Text is not null
            && !(double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out until) && double.IsFinite(until)))
        {
            throw new EventFileException(path, 0,
                $"The end of observation must be a number in the unit of the sequences' times, got '{Text}'.");
        }
        double[] starts = [.. sequences.Where(s => s.Times.Length > 0).Select(s => s.Times[0])];
        if (Text is null && starts.Length > 1 && Array.TrueForAll(starts, start => start == starts[0]))
        {
            throw new EventFileException(path, 0, string.Create(CultureInfo.InvariantCulture,
                $"All {starts.Length} sequences start at {starts[0]}, so each counts from its own first event, and the latest event of the file is not where the others' observation ended. Name the end with --until if all were watched equally long; write times on one clock otherwise."));
        }
        return Set(path, sequences, Text is null ? null : until);
    }

    /// <summary>The sequences of an event file with their ends.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="originTicks">The time from which theirs count.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of their times.</param>
    /// <param name="zone">Zone of an end without an offset; null refuses it.</param>
    /// <exception cref="EventFileException">The end is no time, or an event comes after it.</exception>
    internal List<EventSequence> OfEvents(string path, List<EventSequence> sequences, long originTicks, double timeUnitSeconds,
        TimeZoneInfo? zone)
    {
        if (Text is null)
        {
            return Set(path, sequences, null);
        }
        return TimeText.Parse(Encoding.UTF8.GetBytes(Text), out long ticks, zone) is null
            ? Set(path, sequences, EventTime.SecondsBetween(originTicks, ticks) / timeUnitSeconds)
            : throw new EventFileException(path, 0, $"The end of observation must be {TimeText.Expected}, got '{Text}'.");
    }

    private List<EventSequence> Set(string path, List<EventSequence> sequences, double? until)
    {
        EventSequence? latest = sequences.Where(s => s.Times.Length > 0).MaxBy(s => s.Times[^1]);
        if (latest is not null && until < latest.Times[^1])
        {
            throw new EventFileException(path, 0,
                $"Stream '{VisibleText.Of(latest.Id)}' has an event after the end of observation, {Text}. Name a time that is not before any event, or none for the file's latest event.");
        }
        return latest is null ? sequences : [.. sequences.Select(s => s with { Until = until ?? latest.Times[^1] })];
    }
}
