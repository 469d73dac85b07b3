using System.Text.RegularExpressions;

namespace Foretell.Stores.Postgres;

/// <summary>Where the PostgreSQL log and store are, and how patient their callers are.</summary>
public sealed partial record PostgresOptions
{
    /// <summary>Npgsql connection string. Several hosts may be named; the primary among them is used.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Schema of the tables: lower-case letters, digits and _, at most 40.</summary>
    public string Schema { get; init; } = "foretell";

    /// <summary>Longest wait for a lock that another session holds; then the write fails as unavailable.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for the answer to one statement. Longer than <see cref="LockTimeout"/>, so that the server can say
    /// why.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often an idle log asks where its partitions end, in case that a notification was lost.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">An option is out of range; the message says what is allowed.</exception>
    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ConnectionString);
        if (!SchemaName().IsMatch(Schema))
        {
            throw new ArgumentException(
                $"A schema's name is 1 to 40 lower-case letters, digits and _, and begins with no digit; got '{Schema}'.", nameof(Schema));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(LockTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CommandTimeout, LockTimeout);
        ArgumentOutOfRangeException.ThrowIfLessThan(PollInterval, TimeSpan.FromMilliseconds(1));
    }

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,39}$")]
    private static partial Regex SchemaName();
}
