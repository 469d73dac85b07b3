using System.Net.Sockets;
using Foretell.Engine;
using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>What PostgreSQL's and the network's failures mean to a caller.</summary>
internal static class PostgresFault
{
    /// <summary>True for failures of server, network or statement; false for mistakes of our own.</summary>
    public static bool Is(Exception e) => e is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>True when the connection was lost, as all those in a pool are when the server restarts.</summary>
    public static bool IsConnectionLoss(Exception e) => e switch
    {
        // 57P01 to 57P03: the server is shutting down, has crashed, is starting; 08: connection exceptions.
        PostgresException p => p.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || p.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException n => n.InnerException is not TimeoutException,
        _ => e is SocketException or IOException,
    };

    /// <summary>What happened, as a part of a sentence.</summary>
    public static string Describe(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } =>
            "another session kept a lock for longer than the lock timeout (pg_locks shows who holds it)",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => "the server is a standby and takes no writes",
        PostgresException p => $"{p.MessageText} (PostgreSQL {p.SqlState})",
        NpgsqlException { InnerException: TimeoutException } => "the server did not answer in time",
        _ => e.Message,
    };

    /// <summary>The exception for a caller that may try again later.</summary>
    /// <param name="what">Beginning of the sentence, such as "The store cannot be read".</param>
    /// <param name="e">The failure.</param>
    public static PlatformUnavailableException Unavailable(string what, Exception e) => new($"{what}: {Describe(e).TrimEnd('.')}.", e);
}
