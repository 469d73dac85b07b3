using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>The log in PostgreSQL (docs/formats.md). Any number of processes may append to it and read it at once.</summary>
public sealed class PostgresEventLog : IEventLog
{
    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly LogEnds _ends;
    private readonly PostgresLogWriter _writer;
    private readonly PostgresLogFollower _follower;
    private readonly LastFailure _writes;
    private readonly SemaphoreSlim _trimTurn = new(1);
    private InvalidDataException? _lost;
    private string? _readProblem;
    private int _disposed;

    private PostgresEventLog(PostgresDatabase database, PostgresOptions options, int partitionCount, TimeProvider time)
    {
        (_database, _time, _ends) = (database, time, new LogEnds(partitionCount));
        _writes = new LastFailure(time);
        _writer = new PostgresLogWriter(database, _ends, time, Confirm, ReportWrite);
        _follower = new PostgresLogFollower(database, options.PollInterval, time, RefreshAsync, ReportRead);
    }

    /// <inheritdoc/>
    public int PartitionCount => _ends.Count;

    /// <inheritdoc/>
    public string? Problem => _lost?.Message ?? _readProblem ?? _writes.Message;

    /// <inheritdoc/>
    public Exception? Lost => _lost;

    /// <summary>Opens the log of a schema; creates it when the schema is new.</summary>
    /// <param name="options">The database; its schema must have been migrated (<see cref="PostgresSchema"/>).</param>
    /// <param name="partitions">Partitions, 1 to 32,767; null takes the log's, and 8 for a new log.</param>
    /// <param name="time">Clock of append times and of the life of idempotency keys.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageException">The database cannot be reached or was not migrated, or the log has another partition
    /// count.</exception>
    public static async Task<PostgresEventLog> OpenAsync(PostgresOptions options, int? partitions, TimeProvider time,
        CancellationToken cancellationToken = default)
    {
        if (partitions is < 1 or > short.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(partitions), partitions,
                $"A log has 1 to {short.MaxValue} partitions, got {partitions}.");
        }
        PostgresEventLog? log = null;
        var database = new PostgresDatabase(options, connection => log?.VerifyAsync(connection) ?? Task.CompletedTask);
        try
        {
            await PostgresSchema.CheckAsync(database, options, cancellationToken);
            int found = await PostgresSchema.GuardAsync(options, () =>
                database.RunAsync((c, stop) => CreateAsync(c, partitions ?? 8, stop), cancellationToken));
            if (partitions is { } wanted && wanted != found)
            {
                throw new StorageException(
                    $"The log in schema {options.Schema} was created with {found} partitions and cannot change to {wanted}. "
                    + "Leave the number out, or choose another schema.");
            }
            log = new PostgresEventLog(database, options, found, time);
            await PostgresSchema.GuardAsync(options, () => database.RunAsync(log.RefreshAsync, cancellationToken));
            return log;
        }
        catch
        {
            await (log?.DisposeAsync() ?? database.DisposeAsync());
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        if (batch.Count == 0 && request is null)
        {
            return Task.FromResult(new AppendReceipt(0, Position.None, Replayed: false, default));
        }
        return EnqueueAsync(AppendRequest.ForEvents(batch, request, PartitionCount), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendSourceAsync(EventBatch batch, SourceAdvance source, CancellationToken cancellationToken) =>
        EnqueueAsync(AppendRequest.ForEvents(batch, null, PartitionCount, source), cancellationToken);

    /// <inheritdoc/>
    public async Task<SourceState> TakeSourceAsync(SourcePartition partition, CancellationToken cancellationToken)
    {
        AppendRequest take = AppendRequest.ForTake(partition);
        await EnqueueAsync(take, cancellationToken);
        return take.Taken!;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, SourceState>> ReadSourceAsync(string source, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.RunAsync(async (connection, stop) =>
            {
                await using NpgsqlCommand command = connection.Command(
                    "SELECT partition, epoch, position, identity FROM source WHERE name = $1", PostgresParameters.Text(source));
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(stop);
                var states = new Dictionary<string, SourceState>();
                while (await reader.ReadAsync(stop))
                {
                    states.Add(reader.GetString(0), PostgresAppend.State(reader, 1));
                }
                return states;
            }, cancellationToken);
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable("The log cannot be read", e);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> AppendControlAsync(string name, string value, CancellationToken cancellationToken)
    {
        long now = EventTime.FromDateTimeOffset(_time.GetUtcNow());
        return !(await EnqueueAsync(AppendRequest.ForControl(name, value, now, PartitionCount), cancellationToken)).Replayed;
    }

    /// <inheritdoc/>
    public async ValueTask<string?> FindControlAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.RunAsync(async (connection, stop) =>
            {
                await using NpgsqlCommand command =
                    connection.Command("SELECT value FROM control WHERE name = $1", PostgresParameters.Text(name));
                return (string?)await command.ExecuteScalarAsync(stop);
            }, cancellationToken);
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable("The log cannot be read", e);
        }
    }

    /// <inheritdoc/>
    public LogEnd End(int partition) => _ends[partition];

    /// <inheritdoc/>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _database.RunAsync(RefreshAsync, cancellationToken);
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable("The log cannot be read", e);
        }
    }

    /// <inheritdoc/>
    public long Trimmed(int partition) => _ends.Trimmed(partition);

    /// <inheritdoc/>
    public async Task<bool> TrimAsync(int partition, long upTo, long before, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)PartitionCount, nameof(partition));
        // One partition at a time: many at once would take connections and disk from those who append.
        await _trimTurn.WaitAsync(cancellationToken);
        try
        {
            (long trimmed, bool hasMore) =
                await PostgresLogTrim.RunAsync(_database, new LogTrim(partition, upTo, before), cancellationToken);
            _ends.Trim(partition, trimmed);
            return hasMore;
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable("The log cannot be trimmed", e);
        }
        finally
        {
            _trimTurn.Release();
        }
    }

    /// <inheritdoc/>
    public ILogReader OpenReader(int partition, long after)
    {
        _ends.CheckBeginning(partition, after);
        return new PostgresLogReader(_database, partition, after, _ends.Sequence(partition));
    }

    /// <summary>Writes what is queued and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _writer.DisposeAsync();
            await _follower.DisposeAsync();
            await _database.DisposeAsync();
        }
    }

    private Task<AppendReceipt> EnqueueAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        if (_lost is { } lost)
        {
            throw new PlatformUnavailableException(lost.Message, lost);
        }
        return _writer.AppendAsync(request, cancellationToken);
    }

    /// <summary>Makes the log when it is new; of two who do so at once one wins.</summary>
    /// <returns>Partitions of the log.</returns>
    private static async Task<int> CreateAsync(NpgsqlConnection connection, int partitions, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("WITH made AS (INSERT INTO log VALUES(0, $1) ON CONFLICT DO NOTHING RETURNING partitions) "
            + "INSERT INTO partition SELECT p, 0, 0, 0 FROM made, generate_series(0, made.partitions - 1) p",
                PostgresParameters.Int(partitions));
        batch.Add("SELECT partitions FROM log");
        return (int)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Asks for the ends and publishes them.</summary>
    /// <returns>True when one had grown.</returns>
    private async Task<bool> RefreshAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        LogEnd[] known = _ends.All();
        bool grown = false;
        await using NpgsqlCommand command = connection.Command("SELECT p.partition, p.sequence, p.events, p.append, t.sequence "
            + "FROM partition p LEFT JOIN trimmed t ON t.partition = p.partition");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            int partition = reader.GetInt32(0);
            var end = new LogEnd(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
            Confirm(partition, known[partition], end);
            grown |= _ends.Advance(partition, end);
            if (!reader.IsDBNull(4))
            {
                _ends.Trim(partition, reader.GetInt64(4));
            }
        }
        return grown;
    }

    /// <summary>Holds a partition's end, as a transaction that keeps it locked read it, against what is known.</summary>
    private void Confirm(int partition, LogEnd found) => Confirm(partition, End(partition), found);

    private void Confirm(int partition, LogEnd known, LogEnd found)
    {
        if (found.Sequence < known.Sequence)
        {
            throw Lose($"Partition {partition} of the log in schema {_database.Schema} ended at record {known.Sequence} and ends at record {found.Sequence} now");
        }
    }

    /// <summary>Looks for the known ends through a new session, which may lead to another server than the one before it.</summary>
    /// <remarks>
    /// By the time somebody else may have appended behind what was lost, so that no end is lower than before: the last
    /// record known has to be in a segment that was appended when that record was, or trimmed by now.
    /// </remarks>
    private async Task VerifyAsync(NpgsqlConnection connection)
    {
        (int Partition, LogEnd End)[] known = [.. _ends.All().Index().Where(e => e.Item.Sequence > 0).Select(e => (e.Index, e.Item))];
        if (known.Length == 0)
        {
            return;
        }
        await using NpgsqlCommand command = connection.Command("""
            SELECT k.partition, k.sequence FROM unnest($1, $2, $3) k(partition, sequence, append)
            LEFT JOIN LATERAL (SELECT append FROM segment s WHERE s.partition = k.partition AND first <= k.sequence ORDER BY first DESC LIMIT 1) found ON true
            LEFT JOIN trimmed t ON t.partition = k.partition
            WHERE found.append IS DISTINCT FROM k.append AND k.sequence > coalesce(t.sequence, 0) ORDER BY 1 LIMIT 1
            """,
            PostgresParameters.Ints(known.Select(k => k.Partition)), PostgresParameters.Longs(known.Select(k => k.End.Sequence)),
            PostgresParameters.Longs(known.Select(k => k.End.AppendTicks)));
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        if (await reader.ReadAsync())
        {
            throw Lose($"Record {reader.GetInt64(1)} of partition {reader.GetInt32(0)} of the log in schema {_database.Schema} is gone, or another one");
        }
    }

    // The latest news counts, from whichever side: an append that works says that the server is back.
    private void ReportWrite(string? problem)
    {
        _writes.Report(problem);
        if (problem is null)
        {
            Volatile.Write(ref _readProblem, null);
        }
    }

    private void ReportRead(string? problem)
    {
        Volatile.Write(ref _readProblem, problem);
        if (problem is null)
        {
            _writes.Report(null);
        }
    }

    /// <summary>The server has forgotten what it acknowledged: a failover to a standby that was behind, or a restored copy.</summary>
    private InvalidDataException Lose(string what)
    {
        _lost ??= new InvalidDataException($"{what}: the server lost acknowledged records, as a standby does that was not synchronous. "
            + "Restart this process to go on with what is left.");
        _ends.Fail(_lost);
        return _lost;
    }
}
