using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;

namespace Foretell.Stores.Sqlite;

/// <summary>The tables of one shard's file and the connection that writes them; opened at first use, and anew after a failure.</summary>
internal sealed class SqliteShardFile(string path, int partition) : IDisposable
{
    // One page of rows fills one SQLite page (RowPage); with smaller ones each would be a chain of overflow pages.
    private const int PageBytes = 16384;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS owner(id INTEGER PRIMARY KEY CHECK(id = 0), epoch INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS shard(id INTEGER PRIMARY KEY CHECK(id = 0), position INTEGER NOT NULL, policy TEXT NOT NULL,
            model TEXT NOT NULL, rows_per_page INTEGER NOT NULL, rows INTEGER NOT NULL, applied INTEGER NOT NULL,
            dead_letters INTEGER NOT NULL, unknown_marks INTEGER NOT NULL, calibration BLOB, format INTEGER NOT NULL DEFAULT 1,
            arithmetic TEXT NOT NULL DEFAULT 'exact');
        CREATE TABLE IF NOT EXISTS page(id INTEGER PRIMARY KEY, rows BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS dead_letter(sequence INTEGER PRIMARY KEY, stream TEXT NOT NULL, time INTEGER NOT NULL, mark TEXT,
            event_id TEXT, append INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
        INSERT OR IGNORE INTO owner VALUES(0, 0);
        """;

    private SqliteDatabase? _database;
    private SqliteStatement _takeEpoch = null!, _epoch = null!, _putShard = null!, _putPage = null!, _putDeadLetter = null!;

    /// <summary>Raises the epoch by one and returns it.</summary>
    public long TakeEpoch()
    {
        Open();
        _takeEpoch.Step();
        long epoch = _takeEpoch.Int64(0);
        // The statement commits when it ends, not when it returns its row.
        _takeEpoch.Step();
        return epoch;
    }

    /// <summary>The newest epoch.</summary>
    public long ReadEpoch()
    {
        Open();
        _epoch.Step();
        long newest = _epoch.Int64(0);
        _epoch.Reset();
        return newest;
    }

    /// <summary>The last commit's header, or null.</summary>
    public ShardHeader? ReadHeader()
    {
        using SqliteStatement select = Open().Prepare(
            "SELECT position, policy, model, rows_per_page, rows, applied, dead_letters, unknown_marks, calibration, format, arithmetic FROM shard");
        return !select.Step() ? null : new ShardHeader
        {
            Position = select.Int64(0),
            Policy = EventTimePolicy.Parse(select.Text(1)!),
            ModelId = select.Text(2)!,
            RowsPerPage = (int)select.Int64(3),
            Rows = (int)select.Int64(4),
            Totals = new ShardTotals(select.Int64(5), select.Int64(6), select.Int64(7)),
            Calibration = Calibration.FromBytes(select.Blob(8)),
            Format = (int)select.Int64(9),
            Arithmetic = select.Text(10)!,
        };
    }

    /// <summary>Writes a commit, unless a newer owner took the epoch.</summary>
    public void Commit(long epoch, ShardCommit commit)
    {
        SqliteDatabase database = Open();
        try
        {
            database.Execute("BEGIN IMMEDIATE");
            long newest = ReadEpoch();
            if (newest != epoch)
            {
                database.Execute("ROLLBACK");
                throw new StaleEpochException(partition, epoch, newest);
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
            ShardHeader header = commit.Header;
            _putShard.Bind(1, header.Position).Bind(2, header.Policy.ToString()).Bind(3, header.ModelId).Bind(4, header.RowsPerPage)
                .Bind(5, header.Rows).Bind(6, header.Totals.Applied).Bind(7, header.Totals.DeadLetters).Bind(8, header.Totals.UnknownMarks)
                .Bind(9, header.Calibration.ToBytes()).Bind(10, header.Format).Bind(11, header.Arithmetic).Run();
            database.Execute("COMMIT");
        }
        catch (SqliteException)
        {
            // Closing rolls back; the next commit begins with a connection that no failure has touched.
            Dispose();
            throw;
        }
    }

    /// <summary>Dead letters, newest first.</summary>
    public static IReadOnlyList<DeadLetter> ReadDeadLetters(SqliteDatabase database, int partition, int limit)
    {
        SqliteStatement select = database.Prepare(
            "SELECT sequence, stream, time, mark, event_id, append, reason, detail FROM dead_letter ORDER BY sequence DESC LIMIT ?1")
                .Bind(1, limit);
        var letters = new List<DeadLetter>();
        while (select.Step())
        {
            letters.Add(new DeadLetter(partition, select.Int64(0), select.Text(1)!, select.Int64(2), select.Text(3), select.Text(4),
                select.Int64(5), select.Text(6)!, select.Text(7)!));
        }
        return letters;
    }

    public void Dispose()
    {
        _database?.Dispose();
        _database = null;
    }

    private SqliteDatabase Open()
    {
        if (_database is not null)
        {
            return _database;
        }
        SqliteDatabase database = SqliteDatabase.Open(path, PageBytes);
        try
        {
            database.Execute("BEGIN IMMEDIATE");
            database.Execute(Schema);
            AddColumn(database, "calibration", "BLOB");
            AddColumn(database, "format", "INTEGER NOT NULL DEFAULT 1");
            AddColumn(database, "arithmetic", "TEXT NOT NULL DEFAULT 'exact'");
            database.Execute("COMMIT");
            _takeEpoch = database.Prepare("UPDATE owner SET epoch = epoch + 1 RETURNING epoch");
            _epoch = database.Prepare("SELECT epoch FROM owner");
            _putShard = database.Prepare(
                "INSERT OR REPLACE INTO shard(id, position, policy, model, rows_per_page, rows, applied, dead_letters, unknown_marks, "
                + "calibration, format, arithmetic) VALUES(0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
            _putPage = database.Prepare("INSERT OR REPLACE INTO page VALUES(?1, ?2)");
            _putDeadLetter = database.Prepare("INSERT OR REPLACE INTO dead_letter VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
            return _database = database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Files of earlier releases lack the columns that later ones brought.</summary>
    private static void AddColumn(SqliteDatabase database, string name, string type)
    {
        using SqliteStatement find = database.Prepare("SELECT 1 FROM pragma_table_info('shard') WHERE name = ?1").Bind(1, name);
        bool isThere = find.Step();
        find.Reset();
        if (!isThere)
        {
            database.Execute($"ALTER TABLE shard ADD COLUMN {name} {type}");
        }
    }
}
