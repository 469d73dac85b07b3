using System.Runtime.InteropServices;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>
/// Reads files of events: NDJSON with one event a line, sequences one a line ({"id", "t", "k"}), CSV with a header, or Parquet; as they
/// are, or as gzip or zstd. The format is found by content, and by extension where that could be either. A file is read once.
/// </summary>
/// <remarks>Every fault is an <see cref="EventFileException"/> with file, line and what was expected.</remarks>
public static class EventFile
{
    private const double SecondsPerWeek = 7 * 86_400;

    /// <summary>Reads a file whole, as histories for training and evaluation.</summary>
    /// <param name="path">The file, or "-" for standard input.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of the sequences' times. Sequence files hold times in this unit already.</param>
    /// <param name="columns">Columns of a CSV or Parquet file; null takes the default names.</param>
    /// <param name="until">When the watching ended (<see cref="EventSequence.Until"/>); null leaves that open.</param>
    /// <param name="zone">Zone of an event file's times without an offset; null refuses them.</param>
    /// <param name="pasts">Files of what the same streams did before, latest last; null for none. Their events come first in each
    /// sequence, as its past (<see cref="EventSequence.Past"/>).</param>
    /// <param name="byWeek">True counts the times of an event file from the beginning of the week of its earliest event, so that they tell the
    /// time of the day and of the week alike in every file.</param>
    /// <returns>
    /// Sequences in the order in which the file first names them. Events are sorted by time within a stream, equal
    /// times in file order; a label is its stream's (<see cref="EventSequence.Label"/>), the latest where there are several. Times of an event
    /// file count from its earliest event, since a double holds Unix times
    /// no finer than their gaps need.
    /// </returns>
    /// <exception cref="EventFileException">A file cannot be read, or does not fit in memory, or a past is none.</exception>
    public static List<EventSequence> ReadSequences(string path, double timeUnitSeconds = 1, EventColumns? columns = null,
        ObservationEnd? until = null, TimeZoneInfo? zone = null, IReadOnlyList<string>? pasts = null, bool byWeek = false)
    {
        CheckUnit(timeUnitSeconds);
        (List<EventSequence> sequences, long? origin) = ReadWhole(path, timeUnitSeconds, columns, until, zone);
        foreach (string past in (pasts ?? []).Reverse())
        {
            (List<EventSequence> before, long? ofPast) = ReadWhole(past, timeUnitSeconds, columns, null, zone);
            if (ofPast is null != origin is null)
            {
                throw new EventFileException(past, 0, $"It holds {Kind(ofPast)}, and {path} {Kind(origin)}, whose times do not count from the same moment. Write both in one format.");
            }
            double apart = EventTime.SecondsBetween(origin ?? 0, ofPast ?? 0) / timeUnitSeconds;
            EventSequence[] moved = [.. before.Select(s => s with { Times = [.. s.Times.Select(t => t + apart)] })];
            sequences = StreamPasts.PutBefore(past, moved, sequences);
        }
        if (byWeek && origin is { } earliest)
        {
            double into = EventTime.SecondsBetween(0, earliest) % SecondsPerWeek / timeUnitSeconds;
            sequences = [.. sequences.Select(s => s with { Times = [.. s.Times.Select(t => t + into)], Until = s.Until + into })];
        }
        return sequences;

        static string Kind(long? origin) => origin is null ? "sequences" : "events";
    }

    /// <summary>A file's sequences, and from when their times count; null where they are the file's own numbers.</summary>
    private static (List<EventSequence> Sequences, long? OriginTicks) ReadWhole(string path, double timeUnitSeconds, EventColumns? columns,
        ObservationEnd? until, TimeZoneInfo? zone)
    {
        using var file = new OpenedEventFile(path, columns, zone);
        if (file.Format == EventFileFormat.Sequences)
        {
            List<EventSequence> sequences = [.. file.Sequences().Select(s => s.Sequence)];
            return (until?.OfSequences(file.Name, sequences) ?? sequences, null);
        }
        List<EventSequence> grouped = Group(file, timeUnitSeconds, out long earliest);
        return (until?.OfEvents(file.Name, grouped, earliest, timeUnitSeconds, zone) ?? grouped, earliest);
    }

    /// <summary>Whether a file holds sequences, whose times are in a unit that it does not name; the times of other files are
    /// absolute.</summary>
    /// <param name="path">The file; one that can be read again (<see cref="InputFile.CanReadAgain"/>).</param>
    /// <exception cref="EventFileException">The file cannot be read.</exception>
    public static bool HoldsSequences(string path)
    {
        using var file = new OpenedEventFile(path, null, null);
        return file.Format == EventFileFormat.Sequences;
    }

    /// <summary>Reads a file's events batch by batch, whatever its size.</summary>
    /// <param name="path">The file, or "-" for standard input.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of a sequence file's times; not used for event files.</param>
    /// <param name="columns">Columns of a CSV or Parquet file; null takes the default names.</param>
    /// <param name="batchSize">Events in each batch but the last.</param>
    /// <param name="zone">Zone of the times without an offset; null refuses them.</param>
    /// <param name="sort">True sorts by time, equal times in file order, with a temporary file where they do not fit in memory.</param>
    /// <returns>
    /// Events in file order, or of a sequence file merged in time order. Each batch is valid until the next is
    /// asked for: it is one object that is filled again.
    /// </returns>
    /// <exception cref="EventFileException">The file cannot be read; thrown while enumerating.</exception>
    public static IEnumerable<EventBatch> ReadEvents(string path, double timeUnitSeconds = 1, EventColumns? columns = null,
        int batchSize = 4096, TimeZoneInfo? zone = null, bool sort = false)
    {
        CheckUnit(timeUnitSeconds);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return Batches(path, timeUnitSeconds, columns, batchSize, zone, sort);
    }

    private static IEnumerable<EventBatch> Batches(string path, double timeUnitSeconds, EventColumns? columns, int batchSize,
        TimeZoneInfo? zone, bool sort)
    {
        using var file = new OpenedEventFile(path, columns, zone);
        EventSource source = file.Events(timeUnitSeconds);
        using EventSort? sorted = sort && file.Format != EventFileFormat.Sequences ? new EventSort(source, file.Name) : null;
        source = sorted ?? source;
        var batch = new EventBatch();
        while (source.TryAddNext(batch))
        {
            if (batch.Count == batchSize)
            {
                yield return batch;
                batch.Clear();
            }
        }
        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static List<EventSequence> Group(OpenedEventFile file, double timeUnitSeconds, out long earliestTicks)
    {
        EventSource source = file.Events(timeUnitSeconds);
        var memory = new HistoryMemory(file.Name);
        var one = new EventBatch();
        var pool = new TextPool();
        var byStream = new Dictionary<string, StreamEvents>();
        var inOrder = new List<string>();
        long earliest = long.MaxValue, earliestLabel = long.MaxValue;
        bool marked = false;
        for (; source.TryAddNext(one); one.Clear())
        {
            var record = new LogRecord(one[0]);
            string stream = pool.Get(record.Key);
            ref StreamEvents? events = ref CollectionsMarshal.GetValueRefOrAddDefault(byStream, stream, out bool exists);
            if (!exists)
            {
                inOrder.Add(stream);
                events = new StreamEvents();
            }
            if (record.Kind == LogRecordKind.Label)
            {
                events!.AddLabel(record, pool);
                earliestLabel = Math.Min(earliestLabel, record.TimeTicks);
                memory.Add(0, exists ? 0 : 1);
                continue;
            }
            memory.Add(1, exists ? 0 : 1, events!.Add(record, pool));
            earliest = Math.Min(earliest, record.TimeTicks);
            marked |= !record.Mark.IsEmpty;
        }
        // A label is no event; times count from one only where there is nothing else.
        long origin = earliest < long.MaxValue ? earliest : earliestLabel;
        earliestTicks = origin;
        return [.. inOrder.Select(stream => byStream[stream].ToSequence(stream, origin, timeUnitSeconds, marked))];
    }

    private static void CheckUnit(double timeUnitSeconds)
    {
        if (!(timeUnitSeconds > 0) || !double.IsFinite(timeUnitSeconds))
        {
            throw new ArgumentOutOfRangeException(nameof(timeUnitSeconds), timeUnitSeconds,
                "A time unit must be a number of seconds above 0.");
        }
    }
}
