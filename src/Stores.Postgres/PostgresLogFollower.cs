using Foretell.Engine;
using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>Learns where the partitions end, whoever appends: waits for notifications, and asks once in a while all the same.</summary>
/// <remarks>
/// A notification says only that somebody appended after a pause. While the log grows the follower asks every
/// <see cref="Spacing"/>, which bounds both its cost and the age of what it knows.
/// </remarks>
internal sealed class PostgresLogFollower : IAsyncDisposable
{
    /// <summary>Shortest time between two notifications of a process, and between two questions of a follower.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(500);

    private readonly PostgresDatabase _database;
    private readonly TimeSpan _pollInterval;
    private readonly TimeProvider _time;
    private readonly Func<NpgsqlConnection, CancellationToken, Task<bool>> _refresh;
    private readonly Action<string?> _report;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private bool _lost;

    /// <param name="database">Connections; the caller disposes them after the follower.</param>
    /// <param name="pollInterval">Time between two questions while nothing is appended.</param>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="refresh">Asks for the ends and publishes them; true when they had grown.</param>
    /// <param name="report">Told why the log cannot be followed any more, and null when it can be again.</param>
    public PostgresLogFollower(PostgresDatabase database, TimeSpan pollInterval, TimeProvider time,
        Func<NpgsqlConnection, CancellationToken, Task<bool>> refresh, Action<string?> report)
    {
        (_database, _pollInterval, _time, _refresh, _report) = (database, pollInterval, time, refresh, report);
        _loop = Background.Run(() => RunAsync(_stop.Token));
    }

    /// <summary>Channel of a log's notifications.</summary>
    public static string Channel(PostgresDatabase database) => $"{database.Schema}_log";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (InvalidDataException)
            {
                // The log has lost records and takes no more: there is nothing left to follow.
                return;
            }
            catch (Exception e)
            {
                _lost = true;
                _report(PostgresFault.Unavailable("The log cannot be read", e).Message);
                await Task.Delay(s_retryDelay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        bool notified = false;
        await using NpgsqlConnection connection = await _database.OpenAsync(stop);
        connection.Notification += (_, _) => notified = true;
        await using (NpgsqlCommand listen = connection.Command($"LISTEN {Channel(_database)}"))
        {
            await listen.ExecuteNonQueryAsync(stop);
        }
        bool active = await _refresh(connection, stop);
        if (_lost)
        {
            _lost = false;
            _report(null);
        }
        while (true)
        {
            // One more question follows every notification, because what was appended in the moment after it was not notified.
            bool woken = !active && await connection.WaitAsync(_pollInterval, stop);
            if (active)
            {
                await Task.Delay(Spacing, _time, stop);
            }
            notified = false;
            bool grown = await _refresh(connection, stop);
            active = grown || woken || notified;
        }
    }
}
