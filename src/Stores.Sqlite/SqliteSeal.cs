using System.Buffers.Binary;
using Foretell.Engine;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>The SQL function <c>seal(value, ...)</c>: a checksum over every column of a row, kept in the row's last column.</summary>
/// <remarks>
/// SQLite checks its write-ahead log, and no page of a file: a bit that rots there would be believed. CRC-32C over the
/// identity of the log that the file belongs to, then each value as its kind (one byte: n, i, r, t, b), for texts and blobs the
/// length u32, and the value, little-endian. A row of another directory's file fails it as well (docs/formats.md).
/// </remarks>
internal static class SqliteSeal
{
    /// <summary>Gives a connection the function.</summary>
    /// <param name="database">The connection.</param>
    /// <param name="identity">Identity of the log that the rows belong to.</param>
    public static void Register(sqlite3 database, string identity)
    {
        uint salt = 0;
        foreach (char c in identity)
        {
            salt = Crc32C.Append(salt, [(byte)c]);
        }
        raw.sqlite3_create_function(database, "seal", -1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null,
            (context, _, values) => raw.sqlite3_result_int64(context, Compute(salt, values)));
    }

    private static uint Compute(uint salt, sqlite3_value[] values)
    {
        uint crc = salt;
        Span<byte> number = stackalloc byte[9];
        foreach (sqlite3_value value in values)
        {
            switch (raw.sqlite3_value_type(value))
            {
                case raw.SQLITE_INTEGER:
                    number[0] = (byte)'i';
                    BinaryPrimitives.WriteInt64LittleEndian(number[1..], raw.sqlite3_value_int64(value));
                    crc = Crc32C.Append(crc, number);
                    break;
                case raw.SQLITE_FLOAT:
                    number[0] = (byte)'r';
                    BinaryPrimitives.WriteDoubleLittleEndian(number[1..], raw.sqlite3_value_double(value));
                    crc = Crc32C.Append(crc, number);
                    break;
                case raw.SQLITE_NULL:
                    crc = Crc32C.Append(crc, "n"u8);
                    break;
                case var kind:
                    ReadOnlySpan<byte> bytes = raw.sqlite3_value_blob(value);
                    number[0] = (byte)(kind == raw.SQLITE_TEXT ? 't' : 'b');
                    BinaryPrimitives.WriteInt32LittleEndian(number[1..], bytes.Length);
                    crc = Crc32C.Append(Crc32C.Append(crc, number[..5]), bytes);
                    break;
            }
        }
        return crc;
    }
}
