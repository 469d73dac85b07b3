using System.Text;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;

namespace Foretell.Stores.Sqlite;

/// <summary>Raised alerts in one SQLite file, alerts.db, beside the log (docs/formats.md).</summary>
/// <remarks>The data directory belongs to one process, whose partitions have one owner each: an epoch has nothing to add.</remarks>
public sealed class SqliteAlertLog : IAlertLog
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS alert_end(id INTEGER PRIMARY KEY CHECK(id = 0), name TEXT NOT NULL, sequence INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS alert(sequence INTEGER PRIMARY KEY, stream BLOB NOT NULL, events INTEGER NOT NULL,
            last_event INTEGER NOT NULL, at INTEGER NOT NULL, log_survival REAL NOT NULL, threshold REAL NOT NULL, raised INTEGER NOT NULL,
            UNIQUE(stream, events));
        """;

    private const string Columns = "SELECT sequence, stream, events, last_event, at, log_survival, threshold FROM alert";

    private readonly Lock _gate = new();
    private readonly string _path, _logPath;
    private readonly TimeProvider _time;
    private SqliteDatabase? _database;
    private SqliteStatement _begin = null!, _commit = null!, _end = null!, _setEnd = null!, _insert = null!, _read = null!, _oldest = null!,
        _trim = null!;

    private SqliteAlertLog(string directory, TimeProvider time) =>
        (_path, _logPath, _time) = (Path.Combine(directory, "alerts.db"), Path.Combine(directory, "log.db"), time);

    /// <inheritdoc/>
    public string? Problem { get; private set; }

    /// <summary>Opens the file; creates it when it is missing. Where that fails <see cref="Problem"/> says why, and each use tries
    /// again: events and forecasts have nothing to do with it.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="time">Clock by which alerts grow old.</param>
    public static SqliteAlertLog Open(string directory, TimeProvider time)
    {
        var log = new SqliteAlertLog(directory, time);
        try
        {
            log.Connect();
        }
        catch (SqliteException e)
        {
            log.Failed("opened", e);
        }
        return log;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<NumberedAlert>> AppendAsync(int partition, long epoch, IReadOnlyList<Alert> alerts,
        CancellationToken cancellationToken) => RunAsync("written", () => Append(alerts), cancellationToken);

    /// <inheritdoc/>
    public Task<AlertPlace> EndAsync(CancellationToken cancellationToken) => RunAsync("read", End, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NumberedAlert>> ReadAsync(long after, int limit, CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<NumberedAlert>>("read", () =>
        {
            var alerts = new List<NumberedAlert>();
            _read.Bind(1, after).Bind(2, limit);
            while (_read.Step())
            {
                alerts.Add(new NumberedAlert(_read.Int64(0), new Alert(Encoding.UTF8.GetString(_read.Blob(1)), _read.Int64(2),
                    _read.Int64(3), _read.Int64(4), _read.Double(5), _read.Double(6))));
            }
            return alerts;
        }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            Disconnect();
        }
        return ValueTask.CompletedTask;
    }

    private IReadOnlyList<NumberedAlert> Append(IReadOnlyList<Alert> alerts)
    {
        long now = EventTime.FromDateTimeOffset(_time.GetUtcNow());
        long? trimmable = Trimmable(now);
        var appended = new List<NumberedAlert>();
        _begin.Run();
        long number = End().Number;
        foreach (Alert alert in alerts)
        {
            // A silence that is there already is left as it is: no row comes back.
            _insert.Bind(1, number + 1).Bind(2, Encoding.UTF8.GetBytes(alert.Stream)).Bind(3, alert.Events)
                .Bind(4, alert.LastEventTicks).Bind(5, alert.AtTicks).Bind(6, alert.LogSurvival).Bind(7, alert.Threshold).Bind(8, now);
            if (_insert.Step())
            {
                _insert.Reset();
                appended.Add(new NumberedAlert(++number, alert));
            }
        }
        if (appended.Count > 0)
        {
            _setEnd.Bind(1, number).Run();
        }
        if (trimmable is { } last)
        {
            // An append clears away up to twice what it may have added, so the table shrinks whenever it can and no append takes long.
            _trim.Bind(1, Math.Min(last, number - AlertRetention.Latest)).Bind(2, now - AlertRetention.MaxAge.Ticks)
                .Bind(3, 2 * alerts.Count).Run();
        }
        _commit.Run();
        return appended;
    }

    /// <summary>Number up to which alerts may go for what sinks have published; null where none is old enough to go.</summary>
    private long? Trimmable(long now)
    {
        long oldest = _oldest.Step() ? _oldest.Int64(0) : long.MaxValue;
        _oldest.Reset();
        if (oldest > now - AlertRetention.MaxAge.Ticks)
        {
            return null;
        }
        if (oldest <= now - AlertRetention.MaxWait.Ticks)
        {
            return long.MaxValue;
        }
        using SqliteDatabase log = SqliteDatabase.OpenReadOnly(_logPath);
        using SqliteStatement published = log.Prepare(
            "SELECT min(position) FROM source WHERE substr(name, 1, length(?1)) = ?1 AND partition = ?2 AND position IS NOT NULL");
        published.Bind(1, AlertRetention.SinkPrefix).Bind(2, AlertRetention.SinkPartition);
        return published.Step() && !published.IsNull(0) ? published.Int64(0) : long.MaxValue;
    }

    private AlertPlace End()
    {
        _end.Step();
        var end = new AlertPlace(_end.Text(0)!, _end.Int64(1));
        _end.Reset();
        return end;
    }

    /// <summary>Runs beside the caller, whose thread may be one that is meant for steps; one at a time.</summary>
    private Task<T> RunAsync<T>(string verb, Func<T> work, CancellationToken cancellationToken) => Background.Run(() =>
    {
        lock (_gate)
        {
            try
            {
                if (_database is null)
                {
                    Connect();
                }
                T done = work();
                Problem = null;
                return done;
            }
            catch (SqliteException e)
            {
                throw new PlatformUnavailableException(Failed(verb, e), e);
            }
        }
    }, cancellationToken);

    private string Failed(string verb, SqliteException e)
    {
        // A connection opened anew has no transaction open, and reads what became durable.
        Disconnect();
        string advice = e.IsDamage ? ". Stop the host and run 'foretell repair', which puts the file aside; a new log of alerts begins then" : "";
        return Problem = $"Alerts cannot be {verb}: {e.Message}{advice}";
    }

    private void Connect()
    {
        SqliteWal.MakeDurable(_path);
        SqliteDatabase database = _database = SqliteDatabase.Open(_path);
        database.Execute($"BEGIN; {Schema} INSERT OR IGNORE INTO alert_end VALUES(0, '{SqliteDatabase.RandomHex(8)}', 0); COMMIT;");
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _end = database.Prepare("SELECT name, sequence FROM alert_end");
        _setEnd = database.Prepare("UPDATE alert_end SET sequence = ?1");
        _insert = database.Prepare("INSERT INTO alert VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(stream, events) DO NOTHING RETURNING 1");
        _read = database.Prepare($"{Columns} WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
        _oldest = database.Prepare("SELECT raised FROM alert ORDER BY sequence LIMIT 1");
        _trim = database.Prepare("DELETE FROM alert WHERE sequence IN (SELECT sequence FROM alert ORDER BY sequence LIMIT ?3) AND sequence <= ?1 AND raised < ?2");
    }

    private void Disconnect()
    {
        _database?.Dispose();
        _database = null;
    }
}
