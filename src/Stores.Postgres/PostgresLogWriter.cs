using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>Writes the appends of this process. Those that wait at the same time share a transaction (group commit).</summary>
internal sealed class PostgresLogWriter : IAsyncDisposable
{
    // One transaction's size: large enough to share a disk sync among many, small enough to keep its wait short.
    private const int GroupBytes = 4 << 20;

    // While one group commits the next takes its locks, and groups of other partitions commit beside it.
    private const int InFlight = 3;

    // Pruning keys: seldom, few at a time, and in a transaction that nobody awaits.
    private const int PruneRows = 10_000;
    private static readonly TimeSpan s_pruneInterval = TimeSpan.FromMinutes(1);

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly Action<int, LogEnd> _confirm;
    private readonly Action<string?> _report;
    private readonly LogEnds _ends;
    private readonly string _notify;
    private readonly AppendQueue _queue = new();
    private readonly SemaphoreSlim _slots = new(InFlight);
    private readonly Stack<AppendGroup> _groups = new();
    private readonly Task _loop;
    private long _lastNotified, _lastPruned;

    /// <param name="database">Connections; the caller disposes them after the writer.</param>
    /// <param name="ends">Told each partition's new end once it is durable, before any caller is answered.</param>
    /// <param name="time">Clock of append times.</param>
    /// <param name="confirm">Shown each partition's end that is about to be written behind; its failure ends the transaction.</param>
    /// <param name="report">Told how each transaction ended: why it failed, or null.</param>
    public PostgresLogWriter(PostgresDatabase database, LogEnds ends, TimeProvider time, Action<int, LogEnd> confirm,
        Action<string?> report)
    {
        (_database, _ends, _time, _confirm, _report) = (database, ends, time, confirm, report);
        _notify = $"NOTIFY {PostgresLogFollower.Channel(database)}";
        _lastPruned = time.GetTimestamp();
        _loop = Background.Run(RunAsync);
    }

    /// <inheritdoc cref="AppendQueue.AppendAsync"/>
    public Task<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        _queue.AppendAsync(request, cancellationToken);

    /// <summary>Writes what is queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        await _loop;
        _slots.Dispose();
        _queue.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_queue.IsEnded)
        {
            await _queue.WaitAsync();
            await _slots.WaitAsync();
            AppendGroup group = Gather();
            if (group.Requests.Count == 0)
            {
                // Whoever waited has gone meanwhile.
                Keep(group);
                _slots.Release();
                continue;
            }
            long started = _time.GetTimestamp();
            try
            {
                // Locks are asked for by one group after the other, so that appends of one caller keep their order.
                (NpgsqlConnection connection, PostgresAppend append) = await _database.BeginAsync(
                    (c, stop) => PostgresAppend.LockAsync(c, group, _ends.Count, stop), CancellationToken.None);
                _ = FinishAsync(connection, append, group, started);
            }
            catch (Exception e)
            {
                Answer(group, e, started);
                _slots.Release();
            }
        }
        // Every slot is free once every group has ended.
        for (int i = 0; i < InFlight; i++)
        {
            await _slots.WaitAsync();
        }
    }

    private AppendGroup Gather()
    {
        AppendGroup? group;
        lock (_groups)
        {
            if (!_groups.TryPop(out group))
            {
                group = new AppendGroup(_ends.Count);
            }
        }
        while (group.Bytes < GroupBytes && _queue.TryTake(out AppendRequest request))
        {
            group.Add(request);
        }
        return group;
    }

    private async Task FinishAsync(NpgsqlConnection connection, PostgresAppend append, AppendGroup group, long started)
    {
        bool committed = false;
        try
        {
            await using (connection)
            {
                long now = Math.Max(append.LastAppendTicks, EventTime.FromDateTimeOffset(_time.GetUtcNow()));
                group.Admit(append, now);
                foreach (int partition in group.Touched)
                {
                    _confirm(partition, group[partition].End);
                }
                await append.CommitAsync(connection, group, now);
                committed = true;
                foreach (int partition in group.Touched)
                {
                    _ends.Advance(partition, group[partition].EndBehind(now));
                }
                Answer(group, null, started);
                await NotifyAsync(connection);
                await PruneAsync(connection);
            }
        }
        catch (Exception e)
        {
            // A failure behind the commit has met nobody who waits: a lost notification is made good by polling.
            if (!committed)
            {
                Answer(group, e, started);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    private void Answer(AppendGroup group, Exception? failure, long started)
    {
        // The connection may have broken behind a COMMIT that took effect. Nobody is told so without proof: the caller
        // sends the request again, and its idempotency key finds out under the partition's lock.
        string? problem = failure is null ? null : PostgresFault.Unavailable("The log cannot be written", failure).Message;
        _report(problem);
        group.Complete(failure is null ? null
            : new PlatformUnavailableException($"{problem} Send the request again later, best with an idempotency key.", failure));
        Telemetry.AppendDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
        Keep(group);
    }

    private void Keep(AppendGroup group)
    {
        lock (_groups)
        {
            _groups.Push(group);
        }
    }

    /// <summary>Wakes the readers of other processes, unless it was done a moment ago: they look again by themselves after that
    /// moment.</summary>
    /// <remarks>Behind the commit and not in it, because PostgreSQL lets only one transaction with a notification commit at a
    /// time.</remarks>
    private async Task NotifyAsync(NpgsqlConnection connection)
    {
        long last = Volatile.Read(ref _lastNotified), now = _time.GetTimestamp();
        if ((last != 0 && _time.GetElapsedTime(last, now) < PostgresLogFollower.Spacing)
            || Interlocked.CompareExchange(ref _lastNotified, now, last) != last)
        {
            return;
        }
        await using NpgsqlCommand command = connection.Command(_notify);
        await command.ExecuteNonQueryAsync();
    }

    private async Task PruneAsync(NpgsqlConnection connection)
    {
        long last = Volatile.Read(ref _lastPruned), timestamp = _time.GetTimestamp();
        if (_time.GetElapsedTime(last, timestamp) < s_pruneInterval
            || Interlocked.CompareExchange(ref _lastPruned, timestamp, last) != last)
        {
            return;
        }
        // By the time that took the turn: an append that comes here late would take it with an old one and forget nothing.
        long now = EventTime.FromDateTimeOffset(_time.GetUtcNow());
        // Another process may prune the same rows; whoever comes second leaves them to the first.
        await using NpgsqlCommand command = connection.Command("DELETE FROM request WHERE ctid = ANY(ARRAY("
            + "SELECT ctid FROM request WHERE append <= $1 ORDER BY append LIMIT $2 FOR UPDATE SKIP LOCKED))",
            PostgresParameters.Long(now - Idempotency.Lifetime.Ticks), PostgresParameters.Int(PruneRows));
        await command.ExecuteNonQueryAsync();
    }
}
