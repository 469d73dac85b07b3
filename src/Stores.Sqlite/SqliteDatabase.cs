using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>One connection to an SQLite file. Used by one thread at a time.</summary>
/// <remarks>
/// A thin layer over SQLite's own calls: blobs are bound and read as spans, so that neither the log nor the
/// store allocates per row, and nothing is pooled, so that closing a connection lets go of its file.
/// </remarks>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly List<SqliteStatement> _statements = [];
    private bool _hasFailed;

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(string path, sqlite3 handle) => (Path, _handle) = (path, handle);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>False where the connection shares nothing with others (<see cref="Inspect"/>): it never sees what they write.</summary>
    public bool IsShared { get; private init; } = true;

    /// <summary>Opens a file for reading and writing, in WAL mode, durable at every COMMIT; creates it when missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pageBytes">Size of SQLite's own pages in a new file, a power of two from 512 to 65536.</param>
    /// <exception cref="SqliteException">The file cannot be opened or is no SQLite file.</exception>
    public static SqliteDatabase Open(string path, int pageBytes = 4096)
    {
        SqliteDatabase database = Connect(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        try
        {
            // FULL syncs the write-ahead log at every COMMIT: when COMMIT returns, the data is on the disk.
            // Pages wait for their COMMIT: one written before it and changed once more is written again, and each frame behind it is
            // read and sealed anew. A transaction is no larger than the batch that it writes.
            database.Execute($"PRAGMA page_size={pageBytes}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_spill=OFF;");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that exists, for reading.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteDatabase OpenReadOnly(string path) => Connect(path, raw.SQLITE_OPEN_READONLY);

    /// <summary>As <see cref="OpenReadOnly"/>; where the disk has no room for what connections share, as <see cref="Inspect"/>.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteDatabase OpenToRead(string path)
    {
        SqliteDatabase database = OpenReadOnly(path);
        try
        {
            database.Query("SELECT count(*) FROM sqlite_schema");
            return database;
        }
        catch (SqliteException e) when (e.IsOfSharing)
        {
            database.Dispose();
            return Inspect(path);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that exists and that nobody else has open, for reading, and leaves every byte of its directory as it is:
    /// no file of shared memory is made, no write-ahead log is copied back. Works where nothing can be written.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteDatabase Inspect(string path)
    {
        if (!DataFiles.Current.Exists(SqliteWal.PathOf(path)) && !DataFiles.Current.Exists($"{path}-journal"))
        {
            return OpenMainFile(path);
        }
        // Without locks a connection may take the file for itself, and then keeps the index of the write-ahead log in its own memory.
        SqliteDatabase database = Connect(path, raw.SQLITE_OPEN_READONLY, OperatingSystem.IsWindows() ? "win32-none" : "unix-none", isShared: false);
        try
        {
            database.Execute("PRAGMA locking_mode=EXCLUSIVE");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens nothing but the file, for reading while nobody writes to it: SQLite neither looks for a write-ahead log nor makes
    /// one.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteDatabase OpenMainFile(string path)
    {
        string escaped = path.Replace("%", "%25").Replace("?", "%3f").Replace("#", "%23");
        return Connect($"file:{escaped}?immutable=1", raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI, isShared: false);
    }

    /// <summary>Random hexadecimal digits from where SQLite has its own random numbers: the operating system, or a simulation's
    /// seed.</summary>
    public static string RandomHex(int digits)
    {
        using SqliteDatabase database = Connect(":memory:", raw.SQLITE_OPEN_READWRITE, isShared: false);
        return database.QueryText($"SELECT lower(hex(randomblob({digits / 2})))")!;
    }

    /// <summary>Gives SQL the function <c>seal</c> (<see cref="SqliteSeal"/>) for the rows of a log.</summary>
    public SqliteDatabase Sealing(string identity)
    {
        SqliteSeal.Register(_handle, identity);
        return this;
    }

    /// <summary>The first number of the first row of a query; 0 where there is none.</summary>
    public long Query(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        long value = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return value;
    }

    /// <summary>The first text of the first row of a query; null where there is none.</summary>
    public string? QueryText(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        string? value = statement.Step() ? statement.Text(0) : null;
        statement.Reset();
        return value;
    }

    /// <summary>Runs statements that return nothing of interest.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql, out _));

    /// <summary>Copies all of the write-ahead log into the file, which is whole without it then.</summary>
    /// <exception cref="SqliteException">It cannot, or somebody reads it.</exception>
    public void Checkpoint()
    {
        if (Query("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
        {
            throw new SqliteException($"SQLite: the write-ahead log could not be copied back, since somebody reads it ({Path})",
                raw.SQLITE_BUSY);
        }
    }

    /// <summary>Compiles a statement that lives as long as the connection.</summary>
    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt handle));
        var statement = new SqliteStatement(this, handle);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Has closing leave the write-ahead log as it is, because something failed that the connection does not know of.</summary>
    public SqliteDatabase Failed()
    {
        _hasFailed = true;
        return this;
    }

    /// <summary>Closes the connection; an open transaction is rolled back.</summary>
    public void Dispose()
    {
        if (_hasFailed)
        {
            // Closing would copy the write-ahead log back, of which the disk may have less than is shown (SqliteWal.MakeDurable). Where
            // that fails half-way, too, and the log is damaged then, half a transaction is left that nobody ever acknowledged.
            raw.sqlite3_db_config(_handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        }
        foreach (SqliteStatement statement in _statements)
        {
            statement.Dispose();
        }
        _statements.Clear();
        raw.sqlite3_close_v2(_handle);
    }

    /// <summary>Throws unless a result code means success.</summary>
    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            string message = raw.sqlite3_errmsg(_handle).utf8_to_string();
            var failure = new SqliteException($"SQLite: {message} ({Path})", raw.sqlite3_extended_errcode(_handle));
            _hasFailed = true;
            throw failure;
        }
    }

    private static SqliteDatabase Connect(string path, int flags, string? vfs = null, bool isShared = true)
    {
        int code = raw.sqlite3_open_v2(path, out sqlite3 handle, flags | raw.SQLITE_OPEN_NOMUTEX, vfs);
        var database = new SqliteDatabase(path, handle) { IsShared = isShared };
        try
        {
            database.Check(code);
            database.Check(raw.sqlite3_busy_timeout(handle, 1000));
            if ((flags & raw.SQLITE_OPEN_READONLY) != 0)
            {
                // Such a connection would still remove a write-ahead log that SQLite does not believe.
                database.Check(raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _));
            }
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
