using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Foretell.Stores.Postgres;

/// <summary>Statements with their parameters; many rows travel as one array a column, for unnest.</summary>
internal static class PostgresParameters
{
    /// <summary>A statement whose parameters are $1, $2 and on.</summary>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (NpgsqlParameter parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }
        return command;
    }

    /// <summary>Adds a statement whose parameters are $1, $2 and on.</summary>
    public static void Add(this NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (NpgsqlParameter parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }
        batch.BatchCommands.Add(command);
    }

    public static NpgsqlParameter Int(int value) => new NpgsqlParameter<int> { TypedValue = value };

    public static NpgsqlParameter Long(long value) => new NpgsqlParameter<long> { TypedValue = value };

    public static NpgsqlParameter Interval(TimeSpan value) => new NpgsqlParameter<TimeSpan> { TypedValue = value };

    public static NpgsqlParameter Text(string value) => new NpgsqlParameter<string> { TypedValue = value };

    /// <summary>A text, or NULL.</summary>
    public static NpgsqlParameter TextOrNull(string? value) =>
        new() { Value = value is null ? DBNull.Value : value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Blob(byte[] value) => new NpgsqlParameter<byte[]> { TypedValue = value };

    public static NpgsqlParameter Ints(IEnumerable<int> values) => new NpgsqlParameter<int[]> { TypedValue = [.. values] };

    public static NpgsqlParameter Longs(IEnumerable<long> values) => new NpgsqlParameter<long[]> { TypedValue = [.. values] };

    public static NpgsqlParameter Doubles(IEnumerable<double> values) => new NpgsqlParameter<double[]> { TypedValue = [.. values] };

    public static NpgsqlParameter Texts(IEnumerable<string> values) => new NpgsqlParameter<string[]> { TypedValue = [.. values] };

    /// <summary>Whole numbers, some of them NULL.</summary>
    public static NpgsqlParameter Longs(IEnumerable<long?> values) => new NpgsqlParameter<long?[]> { TypedValue = [.. values] };

    /// <summary>Byte strings; their memory is sent from where it is.</summary>
    public static NpgsqlParameter Blobs(IEnumerable<ReadOnlyMemory<byte>> values) =>
        new NpgsqlParameter<ReadOnlyMemory<byte>[]> { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };

    /// <summary>UTF-8 of texts that may hold any character, as byte strings.</summary>
    public static NpgsqlParameter Utf8(IEnumerable<string?> values) =>
        Bytes(values.Select(value => value is null ? null : Encoding.UTF8.GetBytes(value)));

    /// <summary>Byte strings, some of them NULL.</summary>
    public static NpgsqlParameter Bytes(IEnumerable<byte[]?> values) =>
        new NpgsqlParameter<byte[]?[]> { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };
}
