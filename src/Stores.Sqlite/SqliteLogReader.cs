using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>Reads one partition segment by segment and hands out records; allocates nothing once its buffer has grown.</summary>
internal sealed class SqliteLogReader : ILogReader
{
    private readonly string _path, _identity;
    private readonly int _partition;
    private readonly SequenceSignal _end;
    private SqliteDatabase? _database;
    private SqliteStatement? _select;
    private readonly RecordTraces _traces = new();
    private byte[] _segment = [];
    private int _length, _offset;
    private long _appendTicks;
    private long _unsealed;
    private long _next;

    public SqliteLogReader(string path, string identity, int partition, long after, SequenceSignal end) =>
        (_path, _identity, _partition, _next, _end) = (path, identity, partition, after + 1, end);

    public ValueTask<int> ReadAsync(RecordBatch into, int maximum, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        cancellationToken.ThrowIfCancellationRequested();
        into.Clear(_next);
        // Nothing beyond the published end is handed out, whatever the file shows: it may not be durable yet.
        long end = _end.Value;
        while (into.Count < maximum && _next <= end)
        {
            try
            {
                if (_offset == _length)
                {
                    LoadSegment();
                }
            }
            catch (Exception) when (into.Count > 0)
            {
                // What was read counts; the failure shows again at the next call, when nothing is lost by it.
                break;
            }
            int length = new LogRecord(_segment.AsSpan(_offset, _length - _offset)).Length;
            into.Add(_segment.AsSpan(_offset, length), _appendTicks);
            _offset += length;
            _next++;
        }
        if (_database is { IsShared: false })
        {
            // On a full disk: once there is room, others write what such a connection would not see.
            Disconnect();
        }
        _traces.MoveTo(into.Traces, into.FirstSequence, into.LastSequence);
        return ValueTask.FromResult(into.Count);
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _end.WaitAsync(_next, cancellationToken);

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private void LoadSegment()
    {
        try
        {
            if (_database is null)
            {
                _database = SqliteDatabase.OpenToRead(_path).Sealing(_identity);
                Position.TryParse(_database.QueryText("SELECT unsealed FROM log"), out Position position);
                _unsealed = position.Parts.FirstOrDefault(part => part.Partition == _partition).Sequence;
            }
            _select ??= _database.Prepare($"SELECT id, count, append, crc, records, trace, {SqliteLogSchema.IsSealed("segment")}, seal IS NULL "
                + "FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
            _select.Bind(1, SqliteLogFile.SegmentId(_partition, 0)).Bind(2, SqliteLogFile.SegmentId(_partition, _next));
            if (!_select.Step())
            {
                throw Missing();
            }
            long first = SqliteLogFile.FirstSequence(_select.Int64(0)), count = _select.Int64(1);
            ReadOnlySpan<byte> records = _select.Blob(4);
            if (first + count <= _next)
            {
                throw Damaged("is missing");
            }
            bool isSealed = _select.Int64(6) != 0 || _select.Int64(7) != 0 && first <= _unsealed;
            if (!isSealed || Crc32C.Compute(records) != (uint)_select.Int64(3))
            {
                throw Damaged("fails its checksum");
            }
            if (SegmentCheck.Damage(records, count, _select.Int64(2)) is { } damage)
            {
                throw Damaged(damage);
            }
            if (_segment.Length < records.Length)
            {
                _segment = new byte[Math.Max(records.Length, _segment.Length * 2)];
            }
            records.CopyTo(_segment);
            (_length, _offset, _appendTicks) = (records.Length, 0, _select.Int64(2));
            _traces.Decode(_select.Blob(5), first, count);
            _select.Reset();
            for (; first < _next; first++)
            {
                _offset += new LogRecord(_segment.AsSpan(_offset)).Length;
            }
        }
        catch (SqliteException e)
        {
            Close();
            throw SqliteLogInspection.Unreadable(_path, e);
        }
        catch (InvalidDataException)
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        Disconnect();
        (_length, _offset) = (0, 0);
    }

    private void Disconnect()
    {
        _database?.Dispose();
        (_database, _select) = (null, null);
    }

    private InvalidDataException Missing()
    {
        long trimmed = _database!.Query($"SELECT sequence FROM trimmed WHERE partition = {_partition}");
        if (trimmed < _next)
        {
            return Damaged("is missing");
        }
        var cause = new LogTrimmedException(_partition, _next, trimmed);
        return new InvalidDataException(cause.Message, cause);
    }

    private InvalidDataException Damaged(string what) => new(
        $"The log {_path} is damaged: the segment with record {_next} of partition {_partition} {what}. "
        + "Restore a backup, or stop the host and run 'foretell repair', which keeps every record that can still be read.");
}
