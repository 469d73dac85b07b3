using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Store;
using Npgsql;
using static Foretell.Stores.Postgres.PostgresParameters;

namespace Foretell.Stores.Postgres;

/// <summary>Raised alerts in PostgreSQL (docs/formats.md), beside the store whose epochs guard them.</summary>
/// <param name="options">The database; its schema must have been migrated (<see cref="PostgresSchema"/>).</param>
/// <exception cref="ArgumentException">An option is out of range, or the connection string cannot be read.</exception>
public sealed class PostgresAlertLog(PostgresOptions options) : IAlertLog, IAsyncDisposable
{
    // The lock on the owner's row lasts to the end of the transaction: a newer owner's increment waits for it.
    private const string LockOwner = "SELECT epoch FROM owner WHERE partition = $1 FOR SHARE";

    private const string Append = """
        WITH fresh AS (
            SELECT a.*, row_number() OVER (ORDER BY at, stream) AS place
            FROM (SELECT DISTINCT ON (stream, events) * FROM unnest($3, $4, $5, $6, $7, $8) a(stream, events, last_event, at, log_survival, threshold)) a
            WHERE EXISTS (SELECT FROM owner WHERE partition = $1 AND epoch = $2)
                AND NOT EXISTS (SELECT FROM alert o WHERE o.stream = a.stream AND o.events = a.events)),
        counted AS (UPDATE alert_end SET sequence = sequence + (SELECT count(*) FROM fresh) WHERE EXISTS (SELECT FROM fresh) RETURNING sequence)
        INSERT INTO alert SELECT sequence - (SELECT count(*) FROM fresh) + place, stream, events, last_event, at, log_survival, threshold
        FROM fresh, counted RETURNING sequence, stream, events, last_event, at, log_survival, threshold
        """;

    // An append clears away up to twice what it may have added, so the table shrinks whenever it can and no append takes long.
    private const string Trim = """
        DELETE FROM alert WHERE sequence IN (
            SELECT sequence FROM (SELECT sequence, raised FROM alert ORDER BY sequence LIMIT 2 * $1) oldest
            WHERE raised < now() - $3 AND sequence <= (SELECT sequence FROM alert_end) - $2
                AND (raised < now() - $4 OR sequence <= ALL (SELECT position FROM source WHERE starts_with(name, $5) AND partition = $6
                    AND position IS NOT NULL)))
        """;

    private readonly PostgresDatabase _database = new(options);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NumberedAlert>> AppendAsync(int partition, long epoch, IReadOnlyList<Alert> alerts,
        CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<NumberedAlert>>("written", async (connection, stop) =>
        {
            // One message, one transaction. Repeating it after a lost answer finds the alerts there.
            await using var batch = new NpgsqlBatch(connection);
            batch.Add(LockOwner, Int(partition));
            batch.Add(Append, Int(partition), Long(epoch), Utf8(alerts.Select(a => a.Stream)), Longs(alerts.Select(a => a.Events)),
                Longs(alerts.Select(a => a.LastEventTicks)), Longs(alerts.Select(a => a.AtTicks)),
                    Doubles(alerts.Select(a => a.LogSurvival)),
                Doubles(alerts.Select(a => a.Threshold)));
            batch.Add(Trim, Int(alerts.Count), Int(AlertRetention.Latest), Interval(AlertRetention.MaxAge),
                Interval(AlertRetention.MaxWait), Text(AlertRetention.SinkPrefix), Text(AlertRetention.SinkPartition));
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            long newest = await reader.ReadAsync(stop) ? reader.GetInt64(0) : 0;
            if (newest != epoch)
            {
                throw new StaleEpochException(partition, epoch, newest);
            }
            await reader.NextResultAsync(stop);
            List<NumberedAlert> appended = await ReadAsync(reader, stop);
            appended.Sort((a, b) => a.Number.CompareTo(b.Number));
            return appended;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<AlertPlace> EndAsync(CancellationToken cancellationToken) => GuardAsync("read", async (connection, stop) =>
    {
        await using NpgsqlCommand command = connection.Command("SELECT name, sequence FROM alert_end");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(stop);
        return await reader.ReadAsync(stop) ? new AlertPlace(reader.GetString(0), reader.GetInt64(1))
            : throw new InvalidDataException("The table alert_end is empty. Restore the database from a copy.");
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NumberedAlert>> ReadAsync(long after, int limit, CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<NumberedAlert>>("read", async (connection, stop) =>
        {
            await using NpgsqlCommand command =
                connection.Command("SELECT sequence, stream, events, last_event, at, log_survival, threshold FROM alert "
                + "WHERE sequence > $1 ORDER BY sequence LIMIT $2", Long(after), Int(limit));
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(stop);
            return await ReadAsync(reader, stop);
        }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static async Task<List<NumberedAlert>> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var alerts = new List<NumberedAlert>();
        while (await reader.ReadAsync(cancellationToken))
        {
            alerts.Add(new NumberedAlert(reader.GetInt64(0),
                new Alert(Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(1)), reader.GetInt64(2),
                reader.GetInt64(3), reader.GetInt64(4), reader.GetDouble(5), reader.GetDouble(6))));
        }
        return alerts;
    }

    private async Task<T> GuardAsync<T>(string verb, Func<NpgsqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _database.RunAsync(work, cancellationToken);
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            throw PostgresFault.Unavailable($"Alerts cannot be {verb}", e);
        }
    }
}
