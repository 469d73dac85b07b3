using Foretell.Engine;
using Npgsql;

namespace Foretell.Stores.Postgres;

/// <summary>The tables of log, store and alerts (docs/formats.md), in versioned steps.</summary>
public static class PostgresSchema
{
    /// <summary>
    /// Step i makes version i + 1 of version i. A step that was released never changes: what comes later is a new step.
    /// </summary>
    private static readonly string[] s_steps =
    [
        // Texts that senders choose are kept as bytes: they may hold U+0000, which PostgreSQL's text cannot.
        // Counter rows change with every append: a page with room to spare keeps all their versions, so that none is
        // indexed anew. Records and rows do not shrink enough to be worth the server's time for compression.
        """
        CREATE TABLE log(id int PRIMARY KEY CHECK(id = 0), partitions int NOT NULL);
        CREATE TABLE partition(partition int PRIMARY KEY, sequence bigint NOT NULL, events bigint NOT NULL, append bigint NOT NULL) WITH (fillfactor = 10);
        CREATE TABLE segment(partition int NOT NULL, first bigint NOT NULL, count int NOT NULL, append bigint NOT NULL, crc bigint NOT NULL,
            records bytea NOT NULL, PRIMARY KEY(partition, first));
        ALTER TABLE segment ALTER COLUMN records SET STORAGE EXTERNAL;
        CREATE TABLE control(name text PRIMARY KEY, value text NOT NULL);
        CREATE TABLE request(key bytea PRIMARY KEY, fingerprint bytea NOT NULL, accepted int NOT NULL, position text NOT NULL,
            payload bytea NOT NULL, append bigint NOT NULL);
        CREATE INDEX request_append ON request(append);
        CREATE TABLE owner(partition int PRIMARY KEY, epoch bigint NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE shard(partition int PRIMARY KEY, position bigint NOT NULL, policy text NOT NULL, model text NOT NULL,
            rows_per_page int NOT NULL, rows int NOT NULL, applied bigint NOT NULL, dead_letters bigint NOT NULL,
            unknown_marks bigint NOT NULL) WITH (fillfactor = 10);
        CREATE TABLE page(partition int NOT NULL, id int NOT NULL, rows bytea NOT NULL, PRIMARY KEY(partition, id)) WITH (fillfactor = 80);
        ALTER TABLE page ALTER COLUMN rows SET STORAGE EXTERNAL;
        CREATE TABLE dead_letter(partition int NOT NULL, sequence bigint NOT NULL, stream bytea NOT NULL, time bigint NOT NULL,
            mark bytea, event_id bytea, append bigint NOT NULL, reason text NOT NULL, detail text NOT NULL, PRIMARY KEY(partition, sequence));
        """,
        // Raised alerts. The one row of alert_end counts them: whoever appends locks it, so numbers are committed in their order.
        """
        CREATE TABLE alert_end(id int PRIMARY KEY CHECK(id = 0), name text NOT NULL, sequence bigint NOT NULL) WITH (fillfactor = 10);
        INSERT INTO alert_end VALUES(0, substr(md5(random()::text), 1, 8), 0);
        CREATE TABLE alert(sequence bigint PRIMARY KEY, stream bytea NOT NULL, events bigint NOT NULL, last_event bigint NOT NULL, at bigint NOT NULL,
            log_survival float8 NOT NULL, threshold float8 NOT NULL, raised timestamptz NOT NULL DEFAULT now(), UNIQUE(stream, events));
        """,
        // How well the model's probabilities came true; null until a program that counts it commits.
        "ALTER TABLE shard ADD COLUMN calibration bytea;",
        // Traces of appends that somebody samples. Older programs that still run leave them out, and do not look at them.
        "ALTER TABLE segment ADD COLUMN IF NOT EXISTS trace bytea",
        // What a shard's row and pages mean. Older programs leave the default, which is the format that they write.
        "ALTER TABLE shard ADD COLUMN IF NOT EXISTS format int NOT NULL DEFAULT 1;",
        // How far brokers are read into the log, written in the appends' transactions.
        """
        CREATE TABLE IF NOT EXISTS source(name text NOT NULL, partition text NOT NULL, position bigint, identity text NOT NULL, epoch bigint NOT NULL,
            PRIMARY KEY(name, partition)) WITH (fillfactor = 10);
        """,
        // Which arithmetic made a shard's rows. Older programs know one only, which is the default.
        "ALTER TABLE shard ADD COLUMN IF NOT EXISTS arithmetic text NOT NULL DEFAULT 'exact';",
        // Up to where retention has removed the records of each partition; whoever trims locks its row. Older programs that still run trim
        // nothing, read behind it, and say of a record before it that it is missing.
        "CREATE TABLE IF NOT EXISTS trimmed(partition int PRIMARY KEY, sequence bigint NOT NULL, append bigint NOT NULL) WITH (fillfactor = 50);",
        // What the streams of a partition show together, where they share it. Older programs leave it as it was, and do not look at it.
        "ALTER TABLE shard ADD COLUMN IF NOT EXISTS population text;",
    ];

    /// <summary>Version that this program reads and writes.</summary>
    public static int Version => s_steps.Length;

    /// <summary>Creates the schema, or brings it to <see cref="Version"/>. Harmless to repeat, and to run from several places at
    /// once.</summary>
    /// <param name="connectionString">Npgsql connection string of a role that may create the schema.</param>
    /// <param name="schema">Name of the schema.</param>
    /// <param name="cancellationToken">Gives up; nothing is left half done.</param>
    /// <returns>Steps that were missing; 0 when there was nothing to do.</returns>
    /// <exception cref="StorageException">The database cannot be reached, the role lacks a right, or the schema is newer than the
    /// program.</exception>
    public static Task<int> MigrateAsync(string connectionString, string schema = "foretell",
        CancellationToken cancellationToken = default) =>
        MigrateAsync(new PostgresOptions { ConnectionString = connectionString, Schema = schema }, cancellationToken);

    /// <inheritdoc cref="MigrateAsync(string, string, CancellationToken)"/>
    public static async Task<int> MigrateAsync(PostgresOptions options, CancellationToken cancellationToken = default)
    {
        await using var database = new PostgresDatabase(options);
        return await GuardAsync(options, async () =>
        {
            await using NpgsqlConnection connection = await database.OpenAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            // A second migration waits here for the first one, then finds nothing left to do.
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('foretell migration of {options.Schema}', 0))",
                cancellationToken);
            if (await QueryAsync(connection, $"SELECT to_regnamespace('{options.Schema}') IS NULL", cancellationToken) is true)
            {
                await ExecuteAsync(connection, $"CREATE SCHEMA {options.Schema}", cancellationToken);
            }
            if (await QueryAsync(connection, $"SELECT to_regclass('{options.Schema}.schema_version') IS NULL", cancellationToken) is true)
            {
                await ExecuteAsync(connection, "CREATE TABLE schema_version(version int NOT NULL); INSERT INTO schema_version VALUES(0)",
                    cancellationToken);
            }
            int found = await ReadVersionAsync(connection, options, cancellationToken) ?? 0;
            foreach (string step in s_steps[found..])
            {
                await ExecuteAsync(connection, step, cancellationToken);
            }
            if (found < Version)
            {
                await ExecuteAsync(connection, $"UPDATE schema_version SET version = {Version}", cancellationToken);
            }
            await transaction.CommitAsync(cancellationToken);
            return Version - found;
        });
    }

    /// <summary>Refuses a schema that this program does not know.</summary>
    /// <exception cref="StorageException">The schema is missing, older or newer, or cannot be read.</exception>
    internal static Task CheckAsync(PostgresDatabase database, PostgresOptions options, CancellationToken cancellationToken) =>
        GuardAsync(options, async () =>
    {
        await using NpgsqlConnection connection = await database.OpenAsync(cancellationToken);
        bool missing =
            await QueryAsync(connection, $"SELECT to_regclass('{options.Schema}.schema_version') IS NULL", cancellationToken) is true;
        int? found = missing ? null : await ReadVersionAsync(connection, options, cancellationToken);
        if (found != Version)
        {
            throw new StorageException($"{Name(options)} {(found is null ? "does not exist" : $"has version {found}")}, "
                + $"and this program needs version {Version}. Migrate the database first.")
            { MayPass = found is null || found < Version };
        }
        return found;
    });

    /// <summary>Gives the sentences for what an operator can put right.</summary>
    internal static async Task<T> GuardAsync<T>(PostgresOptions options, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (PostgresFault.Is(e))
        {
            var target = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            throw new StorageException((e as PostgresException)?.SqlState switch
            {
                PostgresErrorCodes.InsufficientPrivilege =>
                    $"Role '{target.Username}' lacks a right in database '{target.Database ?? target.Username}': {PostgresFault.Describe(e)}. "
                    + $"Migrate as a role that may create schemas (GRANT CREATE ON DATABASE), and grant this one the use of schema {options.Schema} and its tables.",
                PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                    $"PostgreSQL at {target.Host}:{target.Port} refused role '{target.Username}': {PostgresFault.Describe(e)}. Check user name and password.",
                PostgresErrorCodes.InvalidCatalogName =>
                    $"PostgreSQL at {target.Host}:{target.Port} has no database '{target.Database ?? target.Username}'. Create it (CREATE DATABASE), or name another one.",
                _ when PostgresFault.IsConnectionLoss(e) || e.InnerException is TimeoutException =>
                    $"PostgreSQL at {target.Host}:{target.Port} cannot be reached: {PostgresFault.Describe(e).TrimEnd('.')}. Check that it runs, and the connection string.",
                _ => $"Database '{target.Database ?? target.Username}' at {target.Host}:{target.Port} cannot be used: {PostgresFault.Describe(e).TrimEnd('.')}.",
            }, e) { MayPass = PostgresFault.IsConnectionLoss(e) || e.InnerException is TimeoutException };
        }
    }

    private static string Name(PostgresOptions options) => $"Schema {options.Schema}";

    private static async Task<int?> ReadVersionAsync(NpgsqlConnection connection, PostgresOptions options,
        CancellationToken cancellationToken)
    {
        int? found = await QueryAsync(connection, "SELECT version FROM schema_version", cancellationToken) as int?;
        return found <= Version ? found : throw new StorageException(
            $"{Name(options)} has version {found}, which is newer than this program's {Version}. Use the newer program.");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = connection.Command(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<object?> QueryAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = connection.Command(sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
