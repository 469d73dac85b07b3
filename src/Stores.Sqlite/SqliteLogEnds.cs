using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>Asks a log's file where its partitions begin and end.</summary>
internal sealed class SqliteLogEnds : IDisposable
{
    private readonly string _path;
    private readonly SqliteStatement _last;
    private readonly SqliteStatement? _trimmed;

    /// <param name="database">A connection to the file.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="isSealed">Its rows have seals, and it may have been trimmed.</param>
    public SqliteLogEnds(SqliteDatabase database, string path, bool isSealed = true)
    {
        _path = path;
        string check = isSealed ? $"seal IS NULL OR {SqliteLogSchema.IsSealed("segment")}, seal" : "1, NULL";
        _last = database.Prepare($"SELECT id, count, events, append, {check} FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
        _trimmed = isSealed
            ? database.Prepare($"SELECT sequence, events, append, {SqliteLogSchema.IsSealed("trimmed")} FROM trimmed WHERE partition = ?1")
            : null;
    }

    /// <summary>Where a partition ends.</summary>
    /// <exception cref="InvalidDataException">The row that says so fails its checksum.</exception>
    public LogEnd End(int partition)
    {
        _last.Bind(1, SqliteLogFile.SegmentId(partition, 0)).Bind(2, SqliteLogFile.SegmentId(partition + 1, 0) - 1);
        if (!_last.Step())
        {
            return Trimmed(partition);
        }
        try
        {
            if (_last.Int64(4) == 0)
            {
                throw SqliteLogInspection.Damaged(_path, $"the last segment of partition {partition}");
            }
            return new LogEnd(SqliteLogFile.FirstSequence(_last.Int64(0)) + _last.Int64(1) - 1, _last.Int64(2), _last.Int64(3));
        }
        finally
        {
            _last.Reset();
        }
    }

    /// <summary>Where a partition ends, as a witness is told.</summary>
    /// <exception cref="InvalidDataException">The row that says so fails its checksum.</exception>
    public AcknowledgedEnd Acknowledged(int partition)
    {
        LogEnd end = End(partition);
        uint seal = _last.Step() ? (uint)_last.Int64(5) : 0;
        _last.Reset();
        return new AcknowledgedEnd(end.Sequence, seal);
    }

    /// <summary>Last record of a partition that was trimmed, with what the log counted up to it; all 0 before the first trim.</summary>
    /// <exception cref="InvalidDataException">The row that says so fails its checksum.</exception>
    public LogEnd Trimmed(int partition)
    {
        if (_trimmed is null || !_trimmed.Bind(1, partition).Step())
        {
            return default;
        }
        try
        {
            if (_trimmed.Int64(3) == 0)
            {
                throw SqliteLogInspection.Damaged(_path, $"the row that says how far partition {partition} was trimmed");
            }
            return new LogEnd(_trimmed.Int64(0), _trimmed.Int64(1), _trimmed.Int64(2));
        }
        finally
        {
            _trimmed.Reset();
        }
    }

    public void Dispose()
    {
        _last.Dispose();
        _trimmed?.Dispose();
    }
}
