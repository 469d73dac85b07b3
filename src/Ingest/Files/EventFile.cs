using System.Runtime.InteropServices;
using Foretell.Engine.Events;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>
/// Reads files of events: NDJSON with one event a line, sequences one a line ({"id", "t", "k"}), or CSV with a
/// header. The format is found by extension and first line.
/// </summary>
/// <remarks>Every fault is an <see cref="EventFileException"/> with file, line and what was expected.</remarks>
public static class EventFile
{
    /// <summary>Reads a file whole, as histories for training and evaluation.</summary>
    /// <param name="path">The file.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of the sequences' times. Sequence files hold times in this unit already.</param>
    /// <param name="columns">Columns of a CSV file; null takes the default names.</param>
    /// <param name="until">When the watching ended (<see cref="EventSequence.Until"/>); null leaves that open.</param>
    /// <returns>
    /// Sequences in the order in which the file first names them. Events are sorted by time within a stream, equal
    /// times in file order. Times of an event file count from its earliest event, since a double holds Unix times
    /// no finer than their gaps need.
    /// </returns>
    /// <exception cref="EventFileException">The file cannot be read.</exception>
    public static List<EventSequence> ReadSequences(string path, double timeUnitSeconds = 1, EventColumns? columns = null,
        ObservationEnd? until = null)
    {
        CheckUnit(timeUnitSeconds);
        if (Detect(path, columns) == EventFileFormat.Sequences)
        {
            List<EventSequence> sequences = [.. ReadSequenceLines(path).Select(s => s.Sequence)];
            return until?.OfSequences(path, sequences) ?? sequences;
        }
        List<EventSequence> grouped = Group(ReadEvents(path, timeUnitSeconds, columns), timeUnitSeconds, out long earliest);
        return until?.OfEvents(path, grouped, earliest, timeUnitSeconds) ?? grouped;
    }

    /// <summary>Whether a file holds sequences, whose times are in a unit that it does not name; the times of other files are
    /// absolute.</summary>
    /// <exception cref="EventFileException">The file cannot be read.</exception>
    public static bool HoldsSequences(string path) => Detect(path, null) == EventFileFormat.Sequences;

    /// <summary>Reads a file's events batch by batch, whatever its size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of a sequence file's times; not used for event files.</param>
    /// <param name="columns">Columns of a CSV file; null takes the default names.</param>
    /// <param name="batchSize">Events in each batch but the last.</param>
    /// <returns>
    /// Events in file order, or of a sequence file merged in time order. Each batch is valid until the next is
    /// asked for: it is one object that is filled again.
    /// </returns>
    /// <exception cref="EventFileException">The file cannot be read; thrown while enumerating.</exception>
    public static IEnumerable<EventBatch> ReadEvents(string path, double timeUnitSeconds = 1, EventColumns? columns = null,
        int batchSize = 4096)
    {
        CheckUnit(timeUnitSeconds);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return Batches(path, timeUnitSeconds, columns, batchSize);
    }

    private static IEnumerable<EventBatch> Batches(string path, double timeUnitSeconds, EventColumns? columns, int batchSize)
    {
        using EventSource source = Detect(path, columns) switch
        {
            EventFileFormat.Ndjson => new NdjsonEventSource(path),
            EventFileFormat.Csv => new CsvEventSource(path, columns ?? new EventColumns()),
            _ => new MergedSequenceSource(path, ReadSequenceLines(path), timeUnitSeconds),
        };
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

    private static EventFileFormat Detect(string path, EventColumns? columns)
    {
        EventFileFormat format = EventFileFormats.Detect(path);
        return format == EventFileFormat.Csv || columns is null
            ? format
            : throw new EventFileException(path, 0, "Columns can be named for a CSV file only; this file holds JSON.");
    }

    private static List<(long Line, EventSequence Sequence)> ReadSequenceLines(string path)
    {
        using var reader = new RecordReader(path, quoted: false);
        var line = new SequenceLine();
        var sequences = new List<(long, EventSequence)>();
        while (reader.TryRead(out Span<byte> record))
        {
            string? reason = line.Read(record, out EventSequence sequence);
            if (reason is not null)
            {
                throw reader.Error(reason);
            }
            sequences.Add((reader.Line, sequence));
        }
        return sequences;
    }

    private static List<EventSequence> Group(IEnumerable<EventBatch> batches, double timeUnitSeconds, out long earliestTicks)
    {
        var pool = new TextPool();
        var byStream = new Dictionary<string, List<(long Ticks, string Mark)>>();
        var inOrder = new List<string>();
        long earliest = long.MaxValue;
        bool marked = false;
        foreach (EventBatch batch in batches)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                var record = new LogRecord(batch[i]);
                string stream = pool.Get(record.Key);
                ref List<(long, string)>? events = ref CollectionsMarshal.GetValueRefOrAddDefault(byStream, stream, out bool exists);
                if (!exists)
                {
                    inOrder.Add(stream);
                }
                (events ??= []).Add((record.TimeTicks, pool.Get(record.Mark)));
                earliest = Math.Min(earliest, record.TimeTicks);
                marked |= !record.Mark.IsEmpty;
            }
        }
        earliestTicks = earliest;
        return [.. inOrder.Select(ToSequence)];

        EventSequence ToSequence(string stream)
        {
            // OrderBy is stable: events of one time keep the file's order.
            (long Ticks, string Mark)[] sorted = [.. byStream[stream].OrderBy(e => e.Ticks)];
            double[] times = [.. sorted.Select(e => EventTime.SecondsBetween(earliest, e.Ticks) / timeUnitSeconds)];
            return new EventSequence(stream, times, marked ? [.. sorted.Select(e => e.Mark)] : null);
        }
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
