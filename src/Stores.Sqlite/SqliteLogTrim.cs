using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>Removes the oldest segments of a partition, a few at a time, each time in one transaction with the row that says so.</summary>
/// <remarks>The file does not shrink: the pages that become free take the next appends.</remarks>
internal sealed class SqliteLogTrim(SqliteDatabase database)
{
    // One transaction's size: the appends that come meanwhile wait for it. Four times as much took 50 ms on a busy machine.
    private const int PieceBytes = 1 << 20;
    private const int PieceSegments = 250;

    private readonly SqliteStatement _begin = database.Prepare("BEGIN IMMEDIATE");

    private readonly SqliteStatement _commit = database.Prepare("COMMIT");

    private readonly SqliteStatement _oldest = database.Prepare("SELECT id, count, events, append, length(records), "
        + $"seal IS NULL OR {SqliteLogSchema.IsSealed("segment")} FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3");

    private readonly SqliteStatement _remove = database.Prepare("DELETE FROM segment WHERE id BETWEEN ?1 AND ?2");

    private readonly SqliteStatement _put = database.Prepare(
        "INSERT OR REPLACE INTO trimmed(partition, sequence, events, append, seal) VALUES(?1, ?2, ?3, ?4, seal(?1, ?2, ?3, ?4))");

    /// <summary>Removes one piece.</summary>
    /// <param name="trim">What may go.</param>
    /// <param name="end">Last record of the partition: its segment stays.</param>
    /// <returns>Last record that is gone, 0 where nothing was removed, and whether more can be.</returns>
    /// <exception cref="InvalidDataException">A segment fails its checksum: it may not be what it says.</exception>
    public (long Trimmed, bool HasMore) Run(LogTrim trim, long end)
    {
        long first = SqliteLogFile.SegmentId(trim.Partition, 0), lastId = 0;
        LogEnd trimmed = default;
        bool hasMore = false;
        long bytes = 0;
        int segments = 0;
        _oldest.Bind(1, first).Bind(2, SqliteLogFile.SegmentId(trim.Partition, Math.Min(trim.UpTo, end))).Bind(3, PieceSegments + 1);
        while (_oldest.Step())
        {
            long last = SqliteLogFile.FirstSequence(_oldest.Int64(0)) + _oldest.Int64(1) - 1;
            if (last > trim.UpTo || last >= end || _oldest.Int64(3) >= trim.Before)
            {
                break;
            }
            if (bytes >= PieceBytes || segments == PieceSegments)
            {
                hasMore = true;
                break;
            }
            if (_oldest.Int64(5) == 0)
            {
                _oldest.Reset();
                throw SqliteLogInspection.Damaged(database.Path, $"the segment with record {last} of partition {trim.Partition}");
            }
            (lastId, trimmed) = (_oldest.Int64(0), new LogEnd(last, _oldest.Int64(2), _oldest.Int64(3)));
            bytes += _oldest.Int64(4);
            segments++;
        }
        _oldest.Reset();
        if (segments > 0)
        {
            _begin.Run();
            _remove.Bind(1, first).Bind(2, lastId).Run();
            _put.Bind(1, trim.Partition).Bind(2, trimmed.Sequence).Bind(3, trimmed.Events).Bind(4, trimmed.AppendTicks).Run();
            _commit.Run();
        }
        return (trimmed.Sequence, hasMore);
    }
}
