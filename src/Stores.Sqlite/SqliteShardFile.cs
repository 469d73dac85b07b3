using Foretell.Engine.Events;
using Foretell.Engine.Store;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>The tables of one shard's file and the connection that writes them; opened at first use, and anew after a failure.</summary>
/// <param name="path">The file.</param>
/// <param name="partition">Partition whose rows it holds.</param>
/// <param name="identity">Name of the log that the rows are made from; null for whichever the file says.</param>
/// <param name="mayBeNew">Whether a file that is missing may be begun anew: only while the log has every record.</param>
/// <param name="isLogDurable">Whether all that the log shows is on the disk, and with it the name that the file is given.</param>
internal sealed class SqliteShardFile(string path, int partition, string? identity, Func<int, bool> mayBeNew, Func<bool> isLogDurable)
    : IDisposable
{
    // One page of rows fills one SQLite page (RowPage); with smaller ones each would be a chain of overflow pages.
    private const int PageBytes = 16384;

    private long? _untoldEpoch;
    private SqliteDatabase? _database;
    private SqliteStatement _takeEpoch = null!, _setEpoch = null!, _epoch = null!, _putShard = null!, _putPage = null!,
        _putDeadLetter = null!, _trimDeadLetters = null!, _checkpoint = null!;

    /// <summary>Raises the epoch by one and returns it.</summary>
    /// <remarks>Where the disk cannot be written, the first commit does: the data directory belongs to one process, so that no other
    /// owner can come in between, and rows can be answered from meanwhile.</remarks>
    /// <exception cref="InvalidDataException">The file is damaged, or another's.</exception>
    public long TakeEpoch()
    {
        try
        {
            Open();
            _takeEpoch.Step();
            long epoch = _takeEpoch.Int64(0);
            // The statement commits when it ends, not when it returns its row.
            _takeEpoch.Step();
            // The file knows nothing of those that were taken while it could not be written.
            if (epoch <= _untoldEpoch)
            {
                epoch = _untoldEpoch.Value + 1;
                _setEpoch.Bind(1, epoch).Run();
            }
            _untoldEpoch = null;
            return epoch;
        }
        catch (SqliteException e) when (e.IsOfTheDisk && DataFiles.Current.Exists(path))
        {
            Dispose();
            using SqliteDatabase database = SqliteShardSchema.OpenToRead(path, partition, identity);
            // A file that the disk had no room for more than its name in: nobody has owned it yet.
            long told = database.Query("SELECT count(*) FROM sqlite_schema") == 0 ? 0 : database.Query("SELECT epoch FROM owner");
            return (_untoldEpoch = Math.Max(_untoldEpoch ?? 0, told) + 1).Value;
        }
    }

    /// <summary>The newest epoch.</summary>
    public long ReadEpoch()
    {
        if (_untoldEpoch is { } untold)
        {
            return untold;
        }
        Open();
        return ToldEpoch();
    }

    /// <summary>The last commit's header, or null.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or another's.</exception>
    public ShardHeader? ReadHeader()
    {
        try
        {
            return SqliteShardSchema.ReadHeader(Open());
        }
        catch (SqliteException e) when (e.IsOfTheDisk && DataFiles.Current.Exists(path))
        {
            using SqliteDatabase database = SqliteShardSchema.OpenToRead(path, partition, identity);
            return SqliteShardSchema.ReadHeader(database);
        }
    }

    /// <summary>Writes a commit, unless a newer owner took the epoch.</summary>
    public void Commit(long epoch, ShardCommit commit)
    {
        SqliteDatabase database = Open();
        try
        {
            database.Execute("BEGIN IMMEDIATE");
            long told = ToldEpoch(), newest = Math.Max(told, _untoldEpoch ?? 0);
            if (newest != epoch)
            {
                database.Execute("ROLLBACK");
                throw new StaleEpochException(partition, epoch, newest);
            }
            if (told < epoch)
            {
                _setEpoch.Bind(1, epoch).Run();
            }
            for (int i = 0; i < commit.PageCount; i++)
            {
                (int number, ReadOnlyMemory<byte> bytes) = commit.Page(i);
                _putPage.Bind(1, number).Bind(2, bytes.Span).Run();
            }
            foreach (DeadLetter letter in commit.DeadLetters)
            {
                _putDeadLetter.Bind(1, letter.Sequence).Bind(2, letter.Stream).Bind(3, letter.TimeTicks).Bind(4, letter.Mark)
                    .Bind(5, letter.Id).Bind(6, letter.AppendTicks).Bind(7, letter.Reason).Bind(8, letter.Detail).Run();
            }
            if (commit.DeadLetters.Count > 0)
            {
                // A commit clears away up to twice what it added, so the table shrinks whenever it can and no commit takes long.
                _trimDeadLetters.Bind(1, DeadLetter.Kept).Bind(2, 2 * commit.DeadLetters.Count).Run();
            }
            ShardHeader header = commit.Header;
            _putShard.Bind(1, header.Position).Bind(2, header.Policy.ToString()).Bind(3, header.ModelId).Bind(4, header.RowsPerPage)
                .Bind(5, header.Rows).Bind(6, header.Totals.Applied).Bind(7, header.Totals.DeadLetters).Bind(8, header.Totals.UnknownMarks)
                .Bind(9, header.Calibration.ToBytes()).Bind(10, header.Format).Bind(11, header.Arithmetic);
            (header.PagesCrc is { } crc ? _putShard.Bind(12, crc) : _putShard.Bind(12, (string?)null)).Bind(13, header.Population).Run();
            database.Execute("COMMIT");
            _untoldEpoch = null;
        }
        catch (SqliteException)
        {
            // Closing rolls back; the next commit begins with a connection that no failure has touched.
            Dispose();
            throw;
        }
    }

    /// <summary>Copies every commit from the write-ahead log into the file, syncs it, and reads the header back from there alone.</summary>
    /// <returns>Last record that the rows reflect; 0 before the first commit.</returns>
    /// <exception cref="InvalidDataException">The header read back is damaged.</exception>
    public long Secure()
    {
        Open();
        try
        {
            bool isDone = _checkpoint.Step() && _checkpoint.Int64(0) == 0 && _checkpoint.Int64(1) == _checkpoint.Int64(2);
            _checkpoint.Reset();
            if (!isDone)
            {
                throw new SqliteException($"SQLite: what {path} holds could not be copied from its write-ahead log, since somebody reads it",
                    raw.SQLITE_BUSY);
            }
            using SqliteDatabase alone = SqliteShardSchema.Believe(SqliteDatabase.OpenMainFile(path), partition, identity);
            return SqliteShardSchema.ReadHeader(alone)?.Position ?? 0;
        }
        catch (SqliteException)
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _database?.Dispose();
        _database = null;
    }

    private long ToldEpoch()
    {
        _epoch.Step();
        long newest = _epoch.Int64(0);
        _epoch.Reset();
        return newest;
    }

    private void Look()
    {
        try
        {
            SqliteShardSchema.OpenToRead(path, partition, identity).Dispose();
        }
        catch (SqliteException e) when (e.IsUnfinished)
        {
            // Nothing is in it yet.
        }
    }

    private SqliteDatabase Open()
    {
        if (_database is not null)
        {
            return _database;
        }
        if (!isLogDurable())
        {
            // A loss of power could take the log's name with it, and the file that has it already would belong to none.
            throw new SqliteException("SQLite: the file is not written while the log beside it cannot be", raw.SQLITE_READONLY);
        }
        if (DataFiles.Current.Exists(path))
        {
            // A file that is not to be believed stays as it is.
            Look();
        }
        else if (!mayBeNew(partition))
        {
            throw new InvalidDataException("it is missing");
        }
        SqliteWal.MakeDurable(path);
        SqliteDatabase database = SqliteDatabase.Open(path, PageBytes);
        try
        {
            SqliteShardSchema.Apply(database, partition, identity);
            _takeEpoch = database.Prepare(
                "UPDATE owner SET epoch = epoch + 1, seal = seal(epoch + 1, identity, partition) RETURNING epoch");
            _setEpoch = database.Prepare("UPDATE owner SET epoch = ?1, seal = seal(?1, identity, partition)");
            _epoch = database.Prepare("SELECT epoch FROM owner");
            _putShard = database.Prepare($"INSERT OR REPLACE INTO shard(id, {SqliteShardSchema.HeaderColumns}, seal, population) "
                + "VALUES(0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, seal(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12), ?13)");
            _putPage = database.Prepare("INSERT OR REPLACE INTO page VALUES(?1, ?2)");
            _putDeadLetter = database.Prepare($"INSERT OR REPLACE INTO dead_letter({SqliteShardSchema.LetterColumns}, seal) "
                + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, seal(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))");
            _trimDeadLetters = database.Prepare("DELETE FROM dead_letter WHERE sequence IN (SELECT sequence FROM dead_letter WHERE sequence <= "
                + "(SELECT sequence FROM dead_letter ORDER BY sequence DESC LIMIT 1 OFFSET ?1) ORDER BY sequence LIMIT ?2)");
            _checkpoint = database.Prepare("PRAGMA wal_checkpoint(FULL)");
            return _database = database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
