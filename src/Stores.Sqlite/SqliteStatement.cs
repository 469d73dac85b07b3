using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>A compiled statement. Parameters count from 1, columns from 0.</summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt handle) : IDisposable
{
    /// <summary>Binds an integer.</summary>
    public SqliteStatement Bind(int parameter, long value)
    {
        database.Check(raw.sqlite3_bind_int64(handle, parameter, value));
        return this;
    }

    /// <summary>Binds a floating-point number; infinities are kept.</summary>
    public SqliteStatement Bind(int parameter, double value)
    {
        database.Check(raw.sqlite3_bind_double(handle, parameter, value));
        return this;
    }

    /// <summary>Binds text, or NULL.</summary>
    public SqliteStatement Bind(int parameter, string? value)
    {
        database.Check(value is null ? raw.sqlite3_bind_null(handle, parameter) : raw.sqlite3_bind_text(handle, parameter, value));
        return this;
    }

    /// <summary>Binds bytes; SQLite takes a copy.</summary>
    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        // An empty span has no address, which SQLite would read as NULL.
        database.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, parameter, 0) : raw.sqlite3_bind_blob(handle, parameter, value));
        return this;
    }

    /// <summary>Binds bytes, or NULL.</summary>
    public SqliteStatement Bind(int parameter, byte[]? value) =>
        value is null ? Bind(parameter, (string?)null) : Bind(parameter, value.AsSpan());

    /// <summary>Moves to the next row.</summary>
    /// <returns>False at the end; the statement is then ready to be bound and run again.</returns>
    public bool Step()
    {
        int code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }
        try
        {
            database.Check(code);
        }
        finally
        {
            Reset();
        }
        return false;
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    public void Run()
    {
        while (Step())
        {
        }
    }

    /// <summary>Ends a read before its last row, and with it the read transaction that holds back checkpoints.</summary>
    public void Reset() => raw.sqlite3_reset(handle);

    /// <summary>Integer of the current row.</summary>
    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    /// <summary>Integer of the current row that an int holds.</summary>
    /// <exception cref="InvalidDataException">It is larger, or smaller: cut off it would be another number.</exception>
    public int Int32(int column) => Int64(column) is >= int.MinValue and <= int.MaxValue and var value ? (int)value
        : throw new InvalidDataException(
            $"column {raw.sqlite3_column_name(handle, column).utf8_to_string()} holds {Int64(column)}, which is no 32-bit number");

    /// <summary>Floating-point number of the current row.</summary>
    public double Double(int column) => raw.sqlite3_column_double(handle, column);

    /// <summary>Whether the current row has NULL.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    /// <summary>Text of the current row, null for NULL.</summary>
    public string? Text(int column) =>
        raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Bytes of the current row; valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
