using System.Text;
using System.Text.Unicode;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Events one CSV record each, in file order; the first record names the columns.</summary>
internal sealed class CsvEventSource : EventSource
{
    private readonly RecordReader _reader;
    private readonly CsvRecord _record = new();
    private readonly string[] _header;
    private readonly int _stream;
    private readonly int _time;
    private readonly int _mark;
    private readonly int _id;

    /// <exception cref="EventFileException">The file has no header, or it lacks a column; the message lists those that exist.</exception>
    public CsvEventSource(string path, EventColumns columns)
    {
        _reader = new RecordReader(path, quoted: true);
        try
        {
            _header = ReadHeader();
            _stream = Find(columns.Stream, "stream");
            _time = Find(columns.Time, "time");
            _mark = columns.Mark is null ? FindOptional("mark") : Find(columns.Mark, "mark");
            _id = columns.Id is null ? FindOptional("id") : Find(columns.Id, "id");
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_reader.TryRead(out Span<byte> record))
        {
            return false;
        }
        string? reason = _record.Split(record);
        if (reason is null && _record.Count != _header.Length)
        {
            reason = $"The record has {_record.Count} fields; expected {_header.Length}, as in the header.";
        }
        if (reason is null)
        {
            ReadOnlySpan<byte> stream = record[_record[_stream]];
            ReadOnlySpan<byte> time = record[_record[_time]];
            ReadOnlySpan<byte> mark = _mark < 0 ? default : record[_record[_mark]];
            ReadOnlySpan<byte> id = _id < 0 ? default : record[_record[_id]];
            reason = !Utf8.IsValid(record)
                ? "The record is not valid UTF-8."
                : TimeText.Parse(time.Trim((byte)' '), out long ticks) ?? batch.TryAdd(stream, ticks, mark, id);
        }
        return reason is null ? true : throw _reader.Error(reason);
    }

    /// <inheritdoc/>
    public override void Dispose() => _reader.Dispose();

    private string[] ReadHeader()
    {
        if (!_reader.TryRead(out Span<byte> record))
        {
            throw _reader.Error("The file is empty; expected a CSV header.");
        }
        string? reason = _record.Split(record);
        if (reason is not null)
        {
            throw _reader.Error(reason);
        }
        var names = new string[_record.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.UTF8.GetString(record[_record[i]]).Trim();
        }
        return names;
    }

    private int Find(string name, string part)
    {
        int index = FindOptional(name);
        if (index >= 0)
        {
            return index;
        }
        string separators = _header.Length == 1 && _header[0].AsSpan().IndexOfAny(';', '\t') >= 0
            ? " Columns must be separated by commas."
            : $" Name it with --columns {part}=COLUMN.";
        throw _reader.Error($"There is no column '{name}' for the {part}; the columns are {string.Join(", ", _header)}.{separators}");
    }

    private int FindOptional(string name)
    {
        int index = Array.FindIndex(_header, h => h.Equals(name, StringComparison.OrdinalIgnoreCase));
        int last = Array.FindLastIndex(_header, h => h.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index == last ? index : throw _reader.Error($"The column '{name}' is there twice; expected it once.");
    }
}
