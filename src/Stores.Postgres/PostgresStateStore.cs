using System.Data;
using System.Runtime.CompilerServices;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;
using Npgsql;
using static Foretell.Stores.Postgres.PostgresParameters;

namespace Foretell.Stores.Postgres;

/// <summary>The store in PostgreSQL (docs/formats.md); every process of a cluster may open it.</summary>
/// <param name="options">The database; its schema must have been migrated (<see cref="PostgresSchema"/>).</param>
/// <exception cref="ArgumentException">An option is out of range, or the connection string cannot be read.</exception>
public sealed class PostgresStateStore(PostgresOptions options) : IStateStore
{
    // Pages that travel in one statement; a commit may have gigabytes of them.
    private const int ChunkBytes = 4 << 20;

    private const string PutPages = "INSERT INTO page SELECT $1, id, rows FROM unnest($2, $3) p(id, rows) ON CONFLICT (partition, id) DO UPDATE SET rows = excluded.rows";

    private const string PutDeadLetters = """
        INSERT INTO dead_letter SELECT $1, sequence, stream, time, mark, event_id, append, reason, detail
        FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) d(sequence, stream, time, mark, event_id, append, reason, detail) ON CONFLICT DO NOTHING
        """;

    private const string PutShard = """
        INSERT INTO shard(partition, position, policy, model, rows_per_page, rows, applied, dead_letters, unknown_marks, calibration, format,
            arithmetic, population)
        VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (partition) DO UPDATE SET position = excluded.position,
            policy = excluded.policy, model = excluded.model, rows_per_page = excluded.rows_per_page, rows = excluded.rows,
            applied = excluded.applied, dead_letters = excluded.dead_letters, unknown_marks = excluded.unknown_marks,
            calibration = excluded.calibration, format = excluded.format, arithmetic = excluded.arithmetic,
            population = excluded.population
        """;

    // The newest stay. A commit clears away up to twice what it added, so the table shrinks whenever it can and no commit takes long.
    private const string TrimDeadLetters = """
        DELETE FROM dead_letter WHERE partition = $1 AND sequence IN (SELECT sequence FROM dead_letter WHERE partition = $1 AND sequence <=
            (SELECT sequence FROM dead_letter WHERE partition = $1 ORDER BY sequence DESC OFFSET $2 LIMIT 1) ORDER BY sequence LIMIT $3)
        """;

    private readonly PostgresDatabase _database = new(options);

    /// <inheritdoc/>
    public Task<long> TakeEpochAsync(int partition, CancellationToken cancellationToken) => GuardAsync("written", () =>
        // Repeating it after a lost answer skips a number, which is harmless.
        _database.RunAsync(async (connection, stop) =>
        {
            await using NpgsqlCommand command = connection.Command(
                "INSERT INTO owner VALUES($1, 1) ON CONFLICT (partition) DO UPDATE SET epoch = owner.epoch + 1 RETURNING epoch",
                    Int(partition));
            return (long)(await command.ExecuteScalarAsync(stop))!;
        }, cancellationToken));

    /// <inheritdoc/>
    public Task<long> ReadEpochAsync(int partition, CancellationToken cancellationToken) => GuardAsync("read", () =>
        _database.RunAsync(async (connection, stop) =>
        {
            await using NpgsqlCommand command = connection.Command("SELECT epoch FROM owner WHERE partition = $1", Int(partition));
            return await command.ExecuteScalarAsync(stop) as long? ?? 0;
        }, cancellationToken));

    /// <summary>Looks how much the whole database takes. What its disk has left the server does not tell.</summary>
    /// <exception cref="Engine.PlatformUnavailableException">The database cannot be asked now.</exception>
    public Task<StorageUsage> MeasureAsync(CancellationToken cancellationToken) => GuardAsync("read", () =>
        _database.RunAsync(async (connection, stop) =>
        {
            await using NpgsqlCommand command = connection.Command("SELECT pg_database_size(current_database())");
            return new StorageUsage((long)(await command.ExecuteScalarAsync(stop))!);
        }, cancellationToken));

    /// <inheritdoc/>
    public Task<ShardHeader?> ReadHeaderAsync(int partition, CancellationToken cancellationToken) => GuardAsync("read", () =>
        _database.RunAsync(async (connection, stop) =>
        {
            await using NpgsqlCommand command = connection.Command(
                "SELECT position, policy, model, rows_per_page, rows, applied, dead_letters, unknown_marks, calibration, format, arithmetic, population FROM shard WHERE partition = $1", Int(partition));
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(stop);
            return !await reader.ReadAsync(stop) ? null : new ShardHeader
            {
                Position = reader.GetInt64(0),
                Policy = EventTimePolicy.Parse(reader.GetString(1)),
                ModelId = reader.GetString(2),
                RowsPerPage = reader.GetInt32(3),
                Rows = reader.GetInt32(4),
                Totals = new ShardTotals(reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7)),
                Calibration = Calibration.FromBytes(await reader.IsDBNullAsync(8, stop) ? [] : reader.GetFieldValue<byte[]>(8)),
                Format = reader.GetInt32(9),
                Arithmetic = reader.GetString(10),
                Population = await reader.IsDBNullAsync(11, stop) ? null : reader.GetString(11),
            };
        }, cancellationToken));

    /// <inheritdoc/>
    public async IAsyncEnumerable<Memory<byte>> ReadPagesAsync(int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The server sends pages as fast as they are taken: one of them is in memory at a time, whatever the partition's size.
        (NpgsqlConnection connection, NpgsqlDataReader reader) = await GuardAsync("read", () => _database.BeginAsync((c, stop) =>
            c.Command("SELECT octet_length(rows), rows FROM page WHERE partition = $1 ORDER BY id", Int(partition))
                .ExecuteReaderAsync(CommandBehavior.SequentialAccess, stop), cancellationToken));
        await using (connection)
        await using (reader)
        {
            byte[] page = [];
            int length = 0;
            while (await GuardAsync("read", NextAsync))
            {
                yield return page.AsMemory(0, length);
            }

            async Task<bool> NextAsync()
            {
                if (!await reader.ReadAsync(cancellationToken))
                {
                    return false;
                }
                length = reader.GetInt32(0);
                page = page.Length < length ? new byte[length] : page;
                await using Stream rows = await reader.GetStreamAsync(1, cancellationToken);
                await rows.ReadExactlyAsync(page.AsMemory(0, length), cancellationToken);
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public Task CommitAsync(int partition, long epoch, ShardCommit commit, CancellationToken cancellationToken) =>
        GuardAsync("written", async () =>
    {
        // The owner's row stays locked until the commit: a newer owner's increment waits for it, and one that came
        // first is seen here. Taking the lock is a round trip of its own. So a commit whose answer was lost has the
        // lock or never will have it, and cannot come in behind the owner's next one.
        (NpgsqlConnection connection, long newest) =
            await _database.BeginAsync((c, stop) => LockAsync(c, partition, stop), cancellationToken);
        await using (connection)
        {
            if (newest != epoch)
            {
                throw new StaleEpochException(partition, epoch, newest);
            }
            await WritePagesAsync(connection, partition, commit, cancellationToken);
            await using var batch = new NpgsqlBatch(connection);
            IReadOnlyList<DeadLetter> letters = commit.DeadLetters;
            if (letters.Count > 0)
            {
                batch.Add(PutDeadLetters, Int(partition), Longs(letters.Select(l => l.Sequence)), Utf8(letters.Select(l => l.Stream)),
                    Longs(letters.Select(l => l.TimeTicks)), Utf8(letters.Select(l => l.Mark)), Utf8(letters.Select(l => l.Id)),
                    Longs(letters.Select(l => l.AppendTicks)), Texts(letters.Select(l => l.Reason)), Texts(letters.Select(l => l.Detail)));
                batch.Add(TrimDeadLetters, Int(partition), Int(DeadLetter.Kept), Int(2 * letters.Count));
            }
            ShardHeader header = commit.Header;
            batch.Add(PutShard, Int(partition), Long(header.Position), Text(header.Policy.ToString()), Text(header.ModelId),
                Int(header.RowsPerPage),
                Int(header.Rows), Long(header.Totals.Applied), Long(header.Totals.DeadLetters), Long(header.Totals.UnknownMarks),
                Blob(header.Calibration.ToBytes()), Int(header.Format), Text(header.Arithmetic), TextOrNull(header.Population));
            batch.Add("COMMIT");
            await batch.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
    });

    /// <inheritdoc/>
    /// <remarks>A COMMIT is durable as it is (synchronous_commit is on in each session).</remarks>
    public Task<long> SecureAsync(int partition, CancellationToken cancellationToken) => GuardAsync("read", () =>
        _database.RunAsync(async (connection, stop) =>
        {
            await using NpgsqlCommand command = connection.Command("SELECT position FROM shard WHERE partition = $1", Int(partition));
            return await command.ExecuteScalarAsync(stop) as long? ?? 0;
        }, cancellationToken));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeadLetter>> ReadDeadLettersAsync(int partition, int limit, CancellationToken cancellationToken) =>
        GuardAsync("read", () =>
        _database.RunAsync<IReadOnlyList<DeadLetter>>(async (connection, stop) =>
        {
            await using NpgsqlCommand command =
                connection.Command("SELECT sequence, stream, time, mark, event_id, append, reason, detail FROM dead_letter "
                + "WHERE partition = $1 ORDER BY sequence DESC LIMIT $2", Int(partition), Int(limit));
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(stop);
            var letters = new List<DeadLetter>();
            while (await reader.ReadAsync(stop))
            {
                letters.Add(new DeadLetter(partition, reader.GetInt64(0), Utf8Text(reader, 1)!, reader.GetInt64(2), Utf8Text(reader, 3),
                    Utf8Text(reader, 4),
                    reader.GetInt64(5), reader.GetString(6), reader.GetString(7)));
            }
            return letters;
        }, cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static async Task<long> LockAsync(NpgsqlConnection connection, int partition, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("BEGIN");
        batch.Add("SELECT epoch FROM owner WHERE partition = $1 FOR UPDATE", Int(partition));
        return await batch.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }

    private static async Task WritePagesAsync(NpgsqlConnection connection, int partition, ShardCommit commit,
        CancellationToken cancellationToken)
    {
        var numbers = new List<int>();
        var pages = new List<ReadOnlyMemory<byte>>();
        int bytes = 0;
        for (int i = 0; i < commit.PageCount; i++)
        {
            (int number, ReadOnlyMemory<byte> page) = commit.Page(i);
            numbers.Add(number);
            pages.Add(page);
            bytes += page.Length;
            if (bytes >= ChunkBytes || i + 1 == commit.PageCount)
            {
                await using NpgsqlCommand command = connection.Command(PutPages, Int(partition), Ints(numbers), Blobs(pages));
                await command.ExecuteNonQueryAsync(cancellationToken);
                numbers.Clear();
                pages.Clear();
                bytes = 0;
            }
        }
    }

    private static string? Utf8Text(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(column));

    private static async Task<T> GuardAsync<T>(string verb, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable($"The store cannot be {verb}", e);
        }
    }
}
