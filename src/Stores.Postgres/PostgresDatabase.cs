using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>The connections of one log or store.</summary>
/// <remarks>
/// Every connection finds the tables by its search path, waits for locks only so long, and commits durably
/// whatever the server's default is: with synchronous_commit=off an acknowledged event could still be lost (law 1).
/// A session whose program stopped in the middle of a transaction is ended by the server, and its locks with it,
/// sooner than those who wait for the locks give up.
/// </remarks>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    /// <param name="options">Where, and with which patience.</param>
    /// <param name="opened">Looks at the server through each new session before anybody works with it; a failure of it is the
    /// opening's.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the connection string cannot be read.</exception>
    public PostgresDatabase(PostgresOptions options, Func<NpgsqlConnection, Task>? opened = null)
    {
        options.Check();
        Schema = options.Schema;
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        long lockTimeout = (long)options.LockTimeout.TotalMilliseconds;
        long idleTimeout = Math.Max(lockTimeout / 2, 1000);
        text.Options = $"{text.Options} -c lock_timeout={lockTimeout} -c idle_in_transaction_session_timeout={idleTimeout} -c synchronous_commit=on".Trim();
        text.SearchPath = options.Schema;
        text.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
        text.ApplicationName ??= "foretell";
        text.MaxAutoPrepare = text.MaxAutoPrepare == 0 ? 32 : text.MaxAutoPrepare;
        text.AutoPrepareMinUsages = 2;
        var builder = new NpgsqlDataSourceBuilder(text.ConnectionString);
        if (opened is not null)
        {
            builder.UsePhysicalConnectionInitializer(_ =>
                throw new NotSupportedException("Connections are opened asynchronously."), opened);
        }
        _source = text.Host?.Contains(',') == true
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : builder.Build();
    }

    /// <summary>Schema of the tables.</summary>
    public string Schema { get; }

    /// <summary>Opens a connection.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Opens a connection and begins work on it that may be begun anew: reads, or the locks of a transaction that has
    /// not written yet.</summary>
    /// <returns>The connection, for the caller to go on with and to dispose, and what <paramref name="begin"/> returned.</returns>
    public async Task<(NpgsqlConnection Connection, T Result)> BeginAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> begin, CancellationToken cancellationToken)
    {
        for (bool first = true; ; first = false)
        {
            NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken);
            try
            {
                return (connection, await begin(connection, cancellationToken));
            }
            catch (Exception e)
            {
                // Closing also rolls back what was begun.
                await connection.DisposeAsync();
                if (!first || !PostgresFault.IsConnectionLoss(e))
                {
                    throw;
                }
                // The pool held a connection from before a restart of the server, and most likely more of them.
                _source.Clear();
            }
        }
    }

    /// <summary>Runs reads, or a single statement that is harmless to repeat.</summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        (NpgsqlConnection connection, T result) = await BeginAsync(work, cancellationToken);
        await connection.DisposeAsync();
        return result;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
