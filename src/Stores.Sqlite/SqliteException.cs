using Foretell.Engine;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>SQLite refused a call. Callers turn it into <see cref="PlatformUnavailableException"/> at their border.</summary>
internal sealed class SqliteException(string message, int code) : Exception(message)
{
    /// <summary>SQLite's extended result code.</summary>
    public int Code { get; } = code;

    /// <summary>True when the file is no database, a broken one, or has other tables than our statements are made for: trying again
    /// later is no help.</summary>
    /// <remarks>Our statements are fixed and keep to their tables' rules. Where SQLite finds an error in one, or a check that it breaks
    /// or a value that is too large, it is the schema or the row in the file that is not as it was written.</remarks>
    public bool IsDamage => (Code & 0xff) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_ERROR or raw.SQLITE_MISMATCH
        or raw.SQLITE_TOOBIG || Code == raw.SQLITE_CONSTRAINT_CHECK;

    /// <summary>True when a file cannot be opened as connections share it: SQLite makes one of shared memory beside it for that.</summary>
    public bool IsOfSharing => (Code & 0xff) is raw.SQLITE_FULL or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN
        || Code is raw.SQLITE_IOERR_SHMOPEN or raw.SQLITE_IOERR_SHMSIZE or raw.SQLITE_IOERR_SHMMAP;

    /// <summary>True when the making of a file was cut off: until it has a write-ahead log, it has a rollback journal, which only a
    /// connection that writes can put back.</summary>
    public bool IsUnfinished => Code == raw.SQLITE_READONLY_ROLLBACK;

    /// <summary>True when the disk is full, can only be read, or fails: what the file holds may still be read.</summary>
    public bool IsOfTheDisk =>
        (Code & 0xff) is raw.SQLITE_FULL or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_IOERR or raw.SQLITE_PERM;
}
