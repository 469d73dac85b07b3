using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;

namespace Foretell.Cli.Running;

/// <summary>How long a file's events take in their own time: nobody should find out by waiting.</summary>
internal static class ReplayPace
{
    /// <summary>What a replay at a speed is about to do, in a sentence; null where it sends as fast as it can, and where the file
    /// cannot be read, which the replay itself will say.</summary>
    /// <param name="path">The file, which is read whole where it can be read again.</param>
    /// <param name="options">Speed and format.</param>
    /// <param name="now">When it begins.</param>
    /// <param name="events">Output: events of the file, where it was read.</param>
    public static string? Describe(string path, ReplayOptions options, DateTimeOffset now, out long? events)
    {
        events = null;
        if (options.Speed is not { } speed)
        {
            return null;
        }
        if (!InputFile.CanReadAgain(path))
        {
            return path != InputFile.StandardInput && !File.Exists(path) ? null : $"Sending the events {Pace(speed)}; how long that takes cannot be told of what is read only once. --speed max is as fast as the host takes them.";
        }
        try
        {
            (long First, long Last)? span = null;
            long count = 0;
            foreach (EventBatch batch in EventFile.ReadEvents(path, options.TimeUnitSeconds, options.Columns, zone: options.Zone))
            {
                count += batch.Count;
                for (int i = 0; i < batch.Count; i++)
                {
                    long ticks = new LogRecord(batch[i]).TimeTicks;
                    span = span is var (first, last) ? (first, Math.Max(last, ticks)) : (ticks, ticks);
                }
            }
            events = count;
            return span is var (from, until) ? Sentence(from, until, speed, now) : null;
        }
        catch (EventFileException)
        {
            return null;
        }
    }

    private static string Pace(double speed) => speed == 1 ? "at the pace at which they happened"
        : string.Create(CultureInfo.InvariantCulture, $"{speed} times as fast as they happened");

    private static string Sentence(long first, long last, double speed, DateTimeOffset now)
    {
        double events = EventTime.SecondsBetween(first, last), takes = events / speed;
        // Beyond the calendar's end nobody needs the date.
        string end = takes < 1e9 ? $", until {Format.Time(now.AddSeconds(takes))}" : "";
        return $"Sending the events of {Format.Duration(events)} (from {Format.Time(EventTime.ToDateTimeOffset(first))} on) {Pace(speed)}: that takes " +
            $"{Format.Duration(takes)}{end}. --speed 60 is sixty times as fast, --speed max as fast as the host takes them.";
    }
}
