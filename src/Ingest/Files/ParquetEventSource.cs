using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace Foretell.Ingest.Files;

/// <summary>Events one row each, in file order, of the columns that hold their parts. Row group by row group: memory depends on these, not
/// on the file.</summary>
internal sealed class ParquetEventSource : EventSource
{
    /// <summary>Longest that a file from a pipe may be: its end says where its columns are, so that it goes to a temporary file.</summary>
    private const long MaxSpooledBytes = 4L << 30;

    private const int MaxGroupRows = 16 << 20;
    private const long MaxGroupBytes = 1L << 30;

    private readonly string _name;
    private readonly ParquetBytes _file;
    private readonly long _footer;
    private readonly ParquetReader _reader;
    private readonly ParquetColumn _stream;
    private readonly ParquetColumn _time;
    private readonly ParquetColumn? _mark;
    private readonly ParquetColumn? _id;
    private readonly ParquetColumn? _label;
    private readonly (byte[] Name, ParquetColumn Column)[] _numbers;
    private readonly EventValues _values = new();
    private int _group = -1;
    private int _row;
    private int _rows;
    private long _rowsBefore;

    /// <param name="name">The file, for errors.</param>
    /// <param name="file">Its bytes; they can be read in any order.</param>
    /// <param name="columns">Columns of the event's parts; null takes the default names.</param>
    /// <param name="zone">Zone of the times without an offset; null refuses them.</param>
    /// <exception cref="EventFileException">It is no Parquet, or lacks a column.</exception>
    public ParquetEventSource(string name, Stream file, EventColumns? columns, TimeZoneInfo? zone)
    {
        _name = name;
        _file = new ParquetBytes(file);
        _footer = Call(() => ParquetCheck.Footer(_file));
        _reader = Call(() => ParquetReader.CreateAsync(_file, new ParquetOptions { TreatByteArrayAsString = true }, leaveStreamOpen: true)
            .GetAwaiter().GetResult());
        DataField[] fields = [.. Call(() => _reader.Schema).Fields.OfType<DataField>().Where(f => !f.IsArray)];
        try
        {
            ColumnPlaces places = ColumnPlaces.Find([.. fields.Select(f => f.Name)], columns, CsvEventSource.Naming);
            _stream = ParquetColumn.OfText(fields[places.Stream], "the stream");
            _time = ParquetColumn.OfTime(fields[places.Time], zone);
            _mark = places.Mark < 0 ? null : ParquetColumn.OfText(fields[places.Mark], "the mark");
            _id = places.Id < 0 ? null : ParquetColumn.OfText(fields[places.Id], "the id");
            _label = places.Label < 0 ? null : ParquetColumn.OfText(fields[places.Label], "the label");
            _numbers = [.. places.Values.Select((place, i) =>
                (System.Text.Encoding.UTF8.GetBytes(columns!.Values[i]), ParquetColumn.OfNumbers(fields[place])))];
        }
        catch (FormatException error)
        {
            throw new EventFileException(name, 0, error.Message);
        }
    }

    /// <summary>True for the first bytes of a Parquet file.</summary>
    public static bool Is(ReadOnlySpan<byte> head) => head.StartsWith("PAR1"u8);

    /// <summary>Puts what comes through a pipe into a temporary file.</summary>
    /// <exception cref="EventFileException">It is too long, or there is no room.</exception>
    public static Stream Spool(Stream bytes, string name)
    {
        FileStream file = TemporaryFile.Create(name);
        try
        {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = bytes.Read(buffer)) > 0;)
            {
                if (file.Length + read > MaxSpooledBytes)
                {
                    throw new EventFileException(name, 0, $"A Parquet file through a pipe may have at most {MaxSpooledBytes >> 30} GiB; save it and name the file.");
                }
                file.Write(buffer.AsSpan(0, read));
            }
            file.Position = 0;
            bytes.Dispose();
            return file;
        }
        catch (IOException error)
        {
            file.Dispose();
            throw TemporaryFile.Unwritable(name, error);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        while (_row == _rows)
        {
            if (_group + 1 == _reader.RowGroupCount)
            {
                return false;
            }
            Load(++_group);
        }
        DecodedEvent decoded = default;
        string? reason = _time.Time(_row, out decoded.TimeTicks) ?? ReadValues();
        if (reason is null)
        {
            decoded.Stream = _stream.Text(_row);
            decoded.Mark = _mark is null ? default : _mark.Text(_row);
            decoded.Id = _id is null ? default : _id.Text(_row);
            decoded.Values = _values.Encoded;
            decoded.Label = _label is null ? default : _label.Text(_row);
            decoded.IsLabel = !decoded.Label.IsEmpty;
            reason = decoded.AddTo(batch);
        }
        _row++;
        return reason is null ? true : throw new EventFileException(_name, 0, $"Row {_rowsBefore + _row} (from 1): {reason}");
    }

    private string? ReadValues()
    {
        _values.Clear();
        foreach ((byte[] name, ParquetColumn column) in _numbers)
        {
            if (column.Number(_row, out double value) is { } reason)
            {
                return reason;
            }
            if (!double.IsNaN(value))
            {
                // Names were looked at when the columns were named.
                _values.TryAdd(name, value);
            }
        }
        return null;
    }

    private void Load(int number) => Call(() =>
    {
        using ParquetRowGroupReader group = _reader.OpenRowGroupReader(number);
        (long rows, long bytes) = (group.RowCount, 0);
        var loads = new List<(ParquetColumn Column, long End)>();
        foreach (ParquetColumn column in new[] { _stream, _time, _mark, _id, _label }.OfType<ParquetColumn>()
            .Concat(_numbers.Select(n => n.Column)))
        {
            ColumnMetaData described = group.GetMetadata(column.Field)?.MetaData
                ?? throw new InvalidDataException($"row group {number + 1} lacks the column '{VisibleText.Of(column.Field.Name)}'.");
            bytes += ParquetCheck.Pages(_file, _footer, described, rows, column.Field.IsNullable);
            loads.Add((column, _file.End));
        }
        if (rows > MaxGroupRows || bytes > MaxGroupBytes)
        {
            throw new EventFileException(_name, 0,
                $"Row group {number + 1} has {rows} rows and {bytes >> 20} MiB in the columns of the events; "
                + $"at most {MaxGroupRows} rows and {MaxGroupBytes >> 20} MiB are read at once. Write the file with smaller row groups.");
        }
        (_rowsBefore, _rows, _row) = (_rowsBefore + _rows, checked((int)rows), 0);
        foreach ((ParquetColumn column, long end) in loads)
        {
            _file.End = end;
            column.LoadAsync(group, _rows).GetAwaiter().GetResult();
        }
        return true;
    });

    /// <summary>Calls the library; what it throws on a damaged file is of many kinds. Memory that it has not got is one of them: a few
    /// bytes of a page may ask for any amount.</summary>
    private T Call<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception error) when (error is not EventFileException)
        {
            throw new EventFileException(_name, 0,
                $"The Parquet file is damaged, or of a kind that is not read here: {error.Message}", error);
        }
    }
}
