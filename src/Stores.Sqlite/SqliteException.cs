using Foretell.Engine;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>SQLite refused a call. Callers turn it into <see cref="PlatformUnavailableException"/> at their border.</summary>
internal sealed class SqliteException(string message, int code) : Exception(message)
{
    /// <summary>SQLite's extended result code.</summary>
    public int Code { get; } = code;

    /// <summary>True when the file is no database, or a broken one: trying again later is no help.</summary>
    public bool IsDamage => (Code & 0xff) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}
