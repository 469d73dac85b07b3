using Foretell.Engine.Log;
using Npgsql;
using static Foretell.Stores.Postgres.PostgresParameters;

namespace Foretell.Stores.Postgres;

/// <summary>Removes the oldest segments of a partition, a few at a time, each time in one transaction with the row that says so.</summary>
/// <remarks>The row is locked meanwhile: of two processes that trim a partition at once, one goes on and the other leaves it to that
/// one. Appends take no lock that this needs, and it takes none of theirs.</remarks>
internal static class PostgresLogTrim
{
    // One transaction's size: short enough that nobody who waits for the row, or stops, waits long.
    private const int PieceBytes = 1 << 20;
    private const int PieceSegments = 250;

    /// <summary>Removes one piece.</summary>
    /// <returns>Last record that is gone, as far as this call knows, and whether more can be removed.</returns>
    public static async Task<(long Trimmed, bool HasMore)> RunAsync(PostgresDatabase database, LogTrim trim,
        CancellationToken cancellationToken)
    {
        (NpgsqlConnection connection, long? held) =
            await database.BeginAsync((c, stop) => LockAsync(c, trim.Partition, stop), cancellationToken);
        await using (connection)
        {
            if (held is not { } trimmed)
            {
                return (0, false);
            }
            (long first, long last, long append, bool hasMore) = await FindAsync(connection, trim, cancellationToken);
            if (last <= trimmed)
            {
                return (trimmed, false);
            }
            await using var batch = new NpgsqlBatch(connection);
            batch.Add("DELETE FROM segment WHERE partition = $1 AND first <= $2", Int(trim.Partition), Long(first));
            batch.Add("UPDATE trimmed SET sequence = $2, append = $3 WHERE partition = $1", Int(trim.Partition), Long(last), Long(append));
            batch.Add("COMMIT");
            await batch.ExecuteNonQueryAsync(cancellationToken);
            return (last, hasMore);
        }
    }

    /// <summary>Locks the partition's row, made where it is missing.</summary>
    /// <returns>Last record that was trimmed; null where another process trims the partition now.</returns>
    private static async Task<long?> LockAsync(NpgsqlConnection connection, int partition, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("INSERT INTO trimmed VALUES($1, 0, 0) ON CONFLICT DO NOTHING", Int(partition));
        batch.Add("BEGIN");
        batch.Add("SELECT sequence FROM trimmed WHERE partition = $1 FOR UPDATE SKIP LOCKED", Int(partition));
        return await batch.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>The last segment of the piece: where it begins and ends, when it was appended; and whether more follow. All 0 for
    /// none.</summary>
    private static async Task<(long First, long Last, long Append, bool HasMore)> FindAsync(NpgsqlConnection connection,
        LogTrim trim, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = connection.Command("""
            SELECT s.first, s.first + s.count - 1, s.append, octet_length(s.records), p.sequence FROM segment s JOIN partition p USING (partition)
            WHERE s.partition = $1 AND s.first <= $2 ORDER BY s.first LIMIT $3
            """, Int(trim.Partition), Long(trim.UpTo), Int(PieceSegments + 1));
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        (long First, long Last, long Append) piece = default;
        long bytes = 0;
        for (int segments = 0; await reader.ReadAsync(cancellationToken); segments++)
        {
            (long first, long last, long append) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
            if (last > trim.UpTo || last >= reader.GetInt64(4) || append >= trim.Before)
            {
                break;
            }
            if (bytes >= PieceBytes || segments == PieceSegments)
            {
                return (piece.First, piece.Last, piece.Append, true);
            }
            piece = (first, last, append);
            bytes += reader.GetInt32(3);
        }
        return (piece.First, piece.Last, piece.Append, false);
    }
}
