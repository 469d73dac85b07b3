using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Log;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>The tables of log.db (docs/formats.md) and the statements of the one connection that writes them.</summary>
internal sealed class SqliteLogFile : IAppendMemory, IDisposable
{
    /// <summary>Version of the tables and of the record format. Format 1 had no traces, 2 no sources.</summary>
    private const int Format = 3;

    private const string SourceTable = """
        CREATE TABLE IF NOT EXISTS source(name TEXT NOT NULL, partition TEXT NOT NULL, position INTEGER, identity TEXT NOT NULL, epoch INTEGER NOT NULL,
            PRIMARY KEY(name, partition)) WITHOUT ROWID;
        """;

    private const string Schema = SourceTable + """
        CREATE TABLE log(id INTEGER PRIMARY KEY CHECK(id = 0), format INTEGER NOT NULL, partitions INTEGER NOT NULL);
        CREATE TABLE segment(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, events INTEGER NOT NULL,
            append INTEGER NOT NULL, crc INTEGER NOT NULL, records BLOB NOT NULL, trace BLOB);
        CREATE TABLE control(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE request(key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, accepted INTEGER NOT NULL,
            position TEXT NOT NULL, payload BLOB NOT NULL, append INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX request_append ON request(append);
        """;

    private readonly SqliteDatabase _database;
    private readonly IdempotencyTable _requests;
    private readonly SqliteStatement _begin, _commit, _insertSegment, _lastSegment, _findControl, _putControl, _findSource,
        _putSource;

    private SqliteLogFile(SqliteDatabase database)
    {
        _database = database;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _insertSegment = database.Prepare("INSERT INTO segment VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        _lastSegment = database.Prepare(
            "SELECT id, count, events, append FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
        _findControl = database.Prepare("SELECT value FROM control WHERE name = ?1");
        _putControl = database.Prepare("INSERT OR REPLACE INTO control VALUES(?1, ?2)");
        _findSource = database.Prepare("SELECT epoch, position, identity FROM source WHERE name = ?1 AND partition = ?2");
        _putSource = database.Prepare("INSERT OR REPLACE INTO source VALUES(?1, ?2, ?3, ?4, ?5)");
        _requests = new IdempotencyTable(database);
    }

    /// <summary>Partitions of the log.</summary>
    public int PartitionCount { get; private init; }

    /// <summary>Opens the file; creates it with <paramref name="partitions"/> partitions when it is new.</summary>
    /// <exception cref="StorageException">The file was created otherwise than asked, or by another version.</exception>
    public static SqliteLogFile Open(string path, int? partitions, int partitionsWhenNew)
    {
        SqliteDatabase database = SqliteDatabase.Open(path);
        try
        {
            if (Query(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'log'") == 0)
            {
                string row =
                    string.Create(CultureInfo.InvariantCulture, $"INSERT INTO log VALUES(0, {Format}, {partitions ?? partitionsWhenNew});");
                database.Execute($"BEGIN; {Schema} {row} COMMIT;");
            }
            if (Query(database, "SELECT format FROM log") == 1)
            {
                database.Execute("BEGIN; ALTER TABLE segment ADD COLUMN trace BLOB; UPDATE log SET format = 2; COMMIT;");
            }
            if (Query(database, "SELECT format FROM log") == 2)
            {
                database.Execute($"BEGIN; {SourceTable} UPDATE log SET format = {Format}; COMMIT;");
            }
            long format = Query(database, "SELECT format FROM log");
            int found = (int)Query(database, "SELECT partitions FROM log");
            if (format != Format)
            {
                throw new StorageException($"The log {path} has format {format}; this version reads format {Format}.");
            }
            if (partitions is { } wanted && wanted != found)
            {
                throw new StorageException($"The log {path} was created with {found} partitions and cannot change to {wanted}. "
                    + "Leave the number out, or choose another data directory.");
            }
            MakeDurable(database);
            return new SqliteLogFile(database) { PartitionCount = found };
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A segment's id: partition in the upper 16 bits, first sequence number in the lower 48.</summary>
    public static long SegmentId(int partition, long firstSequence) => (long)partition << 48 | firstSequence;

    /// <summary>First sequence number of a segment.</summary>
    public static long FirstSequence(long segmentId) => segmentId & (1L << 48) - 1;

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>Where a partition ends.</summary>
    public LogEnd End(int partition)
    {
        _lastSegment.Bind(1, SegmentId(partition, 0)).Bind(2, SegmentId(partition + 1, 0) - 1);
        if (!_lastSegment.Step())
        {
            return default;
        }
        var end = new LogEnd(FirstSequence(_lastSegment.Int64(0)) + _lastSegment.Int64(1) - 1, _lastSegment.Int64(2),
            _lastSegment.Int64(3));
        _lastSegment.Reset();
        return end;
    }

    /// <summary>Writes one segment behind its partition's end.</summary>
    public void Append(int partition, SegmentBuffer segment, long appendTicks)
    {
        ReadOnlySpan<byte> records = segment.Records.Span;
        _insertSegment.Bind(1, SegmentId(partition, segment.End.Sequence + 1)).Bind(2, segment.Count)
            .Bind(3, segment.EndBehind(appendTicks).Events)
            .Bind(4, appendTicks).Bind(5, Crc32C.Compute(records)).Bind(6, records).Bind(7, segment.Traces).Run();
    }

    public string? FindControl(string name)
    {
        string? value = _findControl.Bind(1, name).Step() ? _findControl.Text(0) : null;
        _findControl.Reset();
        return value;
    }

    public void PutControl(string name, string value) => _putControl.Bind(1, name).Bind(2, value).Run();

    public SourceState FindSource(SourcePartition partition)
    {
        SourceState state =
            _findSource.Bind(1, partition.Source).Bind(2, partition.Partition).Step() ? State(_findSource, 0) : SourceState.New;
        _findSource.Reset();
        return state;
    }

    public void PutSource(SourcePartition partition, SourceState state)
    {
        _putSource.Bind(1, partition.Source).Bind(2, partition.Partition);
        (state.Number is { } number ? _putSource.Bind(3, number) : _putSource.Bind(3, (string?)null))
            .Bind(4, state.Identity).Bind(5, state.Epoch).Run();
    }

    /// <summary>Of a row's columns epoch, position and identity.</summary>
    public static SourceState State(SqliteStatement row, int first) =>
        new(row.Int64(first), row.Text(first + 1) is null ? null : row.Int64(first + 1), row.Text(first + 2)!);

    public AppendReceipt? FindRequest(IdempotentRequest request, long nowTicks) => _requests.Find(request, nowTicks);

    public void PutRequest(IdempotentRequest request, AppendReceipt receipt, long nowTicks) => _requests.Put(request, receipt, nowTicks);

    /// <summary>Forgets some of the idempotency keys that are too old.</summary>
    public void PruneRequests(long nowTicks) => _requests.Prune(nowTicks);

    public void Dispose() => _database.Dispose();

    /// <summary>What the file shows may not be on the disk yet: a process that was killed between a write and its sync leaves its
    /// commit in the system's memory, and a system may take what a failed sync lost for written. Shards apply what they are shown,
    /// and a repeat is answered by it; so it is written once more, and synced, before anyone sees it.</summary>
    private static void MakeDurable(SqliteDatabase database)
    {
        using SqliteStatement checkpoint = database.Prepare("PRAGMA wal_checkpoint(TRUNCATE)");
        if (checkpoint.Step() && checkpoint.Int64(0) != 0)
        {
            throw new SqliteException($"SQLite: what {database.Path} holds could not be made durable, since somebody reads it", raw.SQLITE_BUSY);
        }
    }

    private static long Query(SqliteDatabase database, string sql)
    {
        using SqliteStatement statement = database.Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }
}
