using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Events one CSV record each, in file order; the first record names the columns.</summary>
internal sealed class CsvEventSource : EventSource
{
    /// <summary>How columns are named to the program, for remedies.</summary>
    public const string Naming = "--columns ";

    private readonly RecordReader _reader;
    private readonly CsvTable _table;

    /// <param name="reader">The file, at its start.</param>
    /// <param name="columns">Columns of the event's parts; null takes the default names.</param>
    /// <param name="zone">Zone of the times without an offset; null refuses them.</param>
    /// <exception cref="EventFileException">The header lacks a column; the message lists those that exist.</exception>
    public CsvEventSource(RecordReader reader, EventColumns? columns, TimeZoneInfo? zone)
    {
        _reader = reader;
        // A name with a quoted line end in it need not be told from the next record before the separator is known.
        reader.ReadAsCsv((byte)',');
        reader.TryRead(out Span<byte> header);
        try
        {
            _table = new CsvTable(header, columns, Naming, zone);
        }
        catch (FormatException error)
        {
            throw reader.Error(error.Message);
        }
        reader.ReadAsCsv(_table.Separator);
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_reader.TryRead(out Span<byte> record))
        {
            return false;
        }
        string? reason = _table.Add(record, batch);
        return reason is null ? true : throw _reader.Error(reason);
    }
}
