using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;
using ZstdSharp;

namespace Foretell.Ingest.Files;

/// <summary>An event file that is open, unpacked and known by its format. From here it is read once, so that pipes do as well as
/// files.</summary>
internal sealed class OpenedEventFile : IDisposable
{
    private readonly EventColumns? _columns;
    private readonly TimeZoneInfo? _zone;
    private readonly Stream? _parquet;
    private readonly RecordReader? _lines;

    /// <param name="path">The file, or "-" for standard input.</param>
    /// <param name="columns">Columns of a table; null takes the default names.</param>
    /// <param name="zone">Zone of the times without an offset; null refuses them.</param>
    /// <exception cref="EventFileException">It cannot be opened, or is no file of events.</exception>
    public OpenedEventFile(string path, EventColumns? columns, TimeZoneInfo? zone)
    {
        Name = InputFile.NameOf(path);
        _columns = columns;
        _zone = zone;
        Stream file = InputFile.Open(path);
        try
        {
            var peeked = new PeekedStream(file, Compression.HeadBytes);
            InputFile.RefuseDevice(file, path, peeked.Head.Length);
            if (ParquetEventSource.Is(peeked.Head))
            {
                _parquet = file is FileStream { CanSeek: true } ? file : ParquetEventSource.Spool(peeked, Name);
                Format = EventFileFormat.Parquet;
                return;
            }
            _lines = new RecordReader(Name, Compression.Unpack(peeked, Name));
            Format = EventFileFormats.Detect(_lines, Compression.WithoutEnding(path), Name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw Unreadable(Name, 0, error);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        if (columns is not null && Format is EventFileFormat.Ndjson or EventFileFormat.Sequences)
        {
            Dispose();
            throw new EventFileException(Name, 0, "Columns can be named for CSV and Parquet files only; this file holds JSON.");
        }
    }

    /// <summary>What messages call the file.</summary>
    public string Name { get; }

    /// <summary>What it looks like.</summary>
    public EventFileFormat Format { get; }

    /// <summary>Its events.</summary>
    /// <param name="timeUnitSeconds">Seconds in one unit of a sequence file's times.</param>
    public EventSource Events(double timeUnitSeconds) => Format switch
    {
        EventFileFormat.Ndjson => new NdjsonEventSource(_lines!, _zone),
        EventFileFormat.Csv => new CsvEventSource(_lines!, _columns, _zone),
        EventFileFormat.Parquet => new ParquetEventSource(Name, _parquet!, _columns, _zone),
        _ => new MergedSequenceSource(Name, Sequences(), timeUnitSeconds),
    };

    /// <summary>The sequences of a sequence file, with their lines.</summary>
    public List<(long Line, EventSequence Sequence)> Sequences()
    {
        var line = new SequenceLine();
        var sequences = new List<(long, EventSequence)>();
        var memory = new HistoryMemory(Name);
        while (_lines!.TryRead(out Span<byte> record))
        {
            string? reason = line.Read(record, out EventSequence sequence);
            if (reason is not null)
            {
                throw _lines.Error(reason);
            }
            memory.Add(sequence.Times.Length, streams: 1, (sequence.Values?.Count ?? 0) * (long)sequence.Times.Length);
            sequences.Add((_lines.Line, sequence));
        }
        return sequences;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines?.Dispose();
        _parquet?.Dispose();
    }

    /// <summary>An error on bytes that cannot be had, or not be unpacked.</summary>
    public static EventFileException Unreadable(string name, long line, Exception error) => new(name, line, error switch
    {
        InvalidDataException or ZstdException => $"The compressed data is damaged or cut short: {error.Message}",
        EndOfStreamException => "The compressed data is cut short; expected the end of a gzip or zstd file.",
        _ => $"The file cannot be read: {error.Message}",
    }, error);
}
