using System.Buffers.Binary;
using System.Text;
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
        uint salt = Salt(identity);
        raw.sqlite3_create_function(database, "seal", -1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null,
            (context, _, values) => raw.sqlite3_result_int64(context, Compute(salt, values)));
    }

    /// <summary>What the function gives for values that were read without SQLite: null, long, double, string or bytes.</summary>
    public static uint Compute(string identity, params ReadOnlySpan<object?> values)
    {
        uint crc = Salt(identity);
        foreach (object? value in values)
        {
            crc = value switch
            {
                long number => Number(crc, 'i', number),
                double real => Number(crc, 'r', BitConverter.DoubleToInt64Bits(real)),
                string text => Bytes(crc, 't', Encoding.UTF8.GetBytes(text)),
                byte[] blob => Bytes(crc, 'b', blob),
                _ => Crc32C.Append(crc, "n"u8),
            };
        }
        return crc;
    }

    private static uint Compute(uint salt, sqlite3_value[] values)
    {
        uint crc = salt;
        foreach (sqlite3_value value in values)
        {
            crc = raw.sqlite3_value_type(value) switch
            {
                raw.SQLITE_INTEGER => Number(crc, 'i', raw.sqlite3_value_int64(value)),
                raw.SQLITE_FLOAT => Number(crc, 'r', BitConverter.DoubleToInt64Bits(raw.sqlite3_value_double(value))),
                raw.SQLITE_NULL => Crc32C.Append(crc, "n"u8),
                raw.SQLITE_TEXT => Bytes(crc, 't', raw.sqlite3_value_blob(value)),
                _ => Bytes(crc, 'b', raw.sqlite3_value_blob(value)),
            };
        }
        return crc;
    }

    private static uint Salt(string identity) => Crc32C.Compute(Encoding.ASCII.GetBytes(identity));

    private static uint Number(uint crc, char kind, long value)
    {
        Span<byte> bytes = stackalloc byte[9];
        bytes[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], value);
        return Crc32C.Append(crc, bytes);
    }

    private static uint Bytes(uint crc, char kind, ReadOnlySpan<byte> value)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], value.Length);
        return Crc32C.Append(Crc32C.Append(crc, head), value);
    }
}
