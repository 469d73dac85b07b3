using Foretell.Engine;
using Foretell.Stores.Postgres;
using Npgsql;

namespace Foretell.Silo.Membership;

/// <summary>The tables and statements by which Orleans' ADO.NET clustering keeps its list of silos, in the platform's schema.</summary>
/// <remarks>
/// Orleans reads its statements from the table OrleansQuery: their keys, parameters and columns are its interface, what
/// they do inside is ours. A change of the list must meet the version that it was read at, and raises it by one;
/// statement and version move together because each is one statement of SQL.
/// </remarks>
internal static class MembershipSchema
{
    private const string Tables = """
        CREATE TABLE IF NOT EXISTS OrleansQuery(QueryKey varchar(64) PRIMARY KEY, QueryText text NOT NULL);
        CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable(DeploymentId varchar(150) PRIMARY KEY,
            Timestamp timestamptz(3) NOT NULL DEFAULT now(), Version int NOT NULL DEFAULT 0);
        CREATE TABLE IF NOT EXISTS OrleansMembershipTable(
            DeploymentId varchar(150) NOT NULL REFERENCES OrleansMembershipVersionTable(DeploymentId),
            Address varchar(45) NOT NULL, Port int NOT NULL, Generation int NOT NULL, SiloName varchar(150) NOT NULL,
            HostName varchar(150) NOT NULL, Status int NOT NULL, ProxyPort int, SuspectTimes text, StartTime timestamptz(3) NOT NULL,
            IAmAliveTime timestamptz(3) NOT NULL, PRIMARY KEY(DeploymentId, Address, Port, Generation)) WITH (fillfactor = 50);
        """;

    private const string Columns =
        "v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version";

    private const string Silo = "m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation";

    private const string Raise =
        "UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now() WHERE DeploymentId = @DeploymentId AND Version = @Version";

    private static readonly Dictionary<string, string> s_statements = new()
    {
        ["MembershipReadAllKey"] =
            $"SELECT {Columns} FROM OrleansMembershipVersionTable v LEFT JOIN OrleansMembershipTable m USING (DeploymentId) WHERE v.DeploymentId = @DeploymentId",
        // A row comes back even for a silo that is not in the list: it has the version.
        ["MembershipReadRowKey"] = $"SELECT {Columns} FROM OrleansMembershipVersionTable v "
            + $"LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId AND {Silo} WHERE v.DeploymentId = @DeploymentId",
        ["InsertMembershipVersionKey"] = "WITH made AS (INSERT INTO OrleansMembershipVersionTable(DeploymentId) VALUES(@DeploymentId) "
            + "ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*)::int FROM made",
        ["InsertMembershipKey"] = $"WITH raised AS ({Raise} RETURNING 1), made AS (INSERT INTO OrleansMembershipTable "
            + "(DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime) "
            + "SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM raised "
            + "RETURNING 1) SELECT count(*)::int FROM made",
        ["UpdateMembershipKey"] =
            $"WITH raised AS ({Raise} AND EXISTS (SELECT FROM OrleansMembershipTable m WHERE m.DeploymentId = @DeploymentId AND {Silo}) "
            + "RETURNING 1), changed AS (UPDATE OrleansMembershipTable m SET Status = @Status, "
            // Whoever votes about a silo writes the sign of life that it has read, and must not undo a later one.
            + "SuspectTimes = @SuspectTimes, IAmAliveTime = GREATEST(m.IAmAliveTime, @IAmAliveTime) "
            + $"FROM raised WHERE m.DeploymentId = @DeploymentId AND {Silo} RETURNING 1) SELECT count(*)::int FROM changed",
        // A sign of life changes nothing that anyone decides by, so it leaves the version alone.
        ["UpdateIAmAlivetimeKey"] =
            $"UPDATE OrleansMembershipTable m SET IAmAliveTime = @IAmAliveTime WHERE m.DeploymentId = @DeploymentId AND {Silo}",
        ["GatewaysQueryKey"] =
            "SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0",
        ["DeleteMembershipTableEntriesKey"] = "DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId; "
            + "DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId",
        // 6 is the status of a dead silo: the row of one that joins or leaves slowly stays. Orleans decides for each
        // row by its latest time, that of a vote included, and names it as it was read, lest it has changed since.
        ["CleanupDefunctSiloEntryKey"] = "DELETE FROM OrleansMembershipTable m WHERE m.DeploymentId = @DeploymentId "
            + $"AND {Silo} AND m.Status = 6 AND m.StartTime = @StartTime AND m.IAmAliveTime = @IAmAliveTime "
            + "AND COALESCE(m.SuspectTimes, '') = COALESCE(@SuspectTimes, '')",
        // For silos of a release with an older Orleans, which know no other. Every killed silo has votes, so it
        // does not look at them.
        ["CleanupDefunctSiloEntriesKey"] = "DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId "
            + "AND IAmAliveTime < @IAmAliveTime AND StartTime < @IAmAliveTime AND Status = 6",
    };

    /// <summary>Connection string by which Orleans finds the tables.</summary>
    public static string ConnectionString(PostgresOptions options) =>
        new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = options.Schema,
            ApplicationName = "foretell-membership",
        }.ConnectionString;

    /// <summary>Refuses a schema in which the silos' list has no tables yet.</summary>
    /// <exception cref="StorageException">It has none, or the database cannot be reached.</exception>
    public static async Task CheckAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString(options));
            await connection.OpenAsync(cancellationToken);
            await using var find = new NpgsqlCommand("SELECT to_regclass('OrleansQuery') IS NOT NULL", connection);
            if (await find.ExecuteScalarAsync(cancellationToken) is not true)
            {
                throw new StorageException($"Schema {options.Schema} has no tables of the silos' list. Migrate the database first.")
                {
                    MayPass = true,
                };
            }
        }
        catch (NpgsqlException e)
        {
            throw new StorageException($"Schema {options.Schema} cannot be asked for the silos' list: {e.Message.TrimEnd('.')}.", e)
            {
                MayPass = true,
            };
        }
    }

    /// <summary>Creates what is missing and renews the statements. Harmless to repeat, and to run from several places at once.</summary>
    public static async Task MigrateAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(options));
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A second migration waits here for the first one.
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('foretell membership of {options.Schema}', 0))",
            cancellationToken);
        await ExecuteAsync(connection, Tables, cancellationToken);
        foreach ((string key, string text) in s_statements)
        {
            await using var put = new NpgsqlCommand(
                "INSERT INTO OrleansQuery VALUES($1, $2) ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText", connection);
            put.Parameters.Add(new NpgsqlParameter { Value = key });
            put.Parameters.Add(new NpgsqlParameter { Value = text });
            await put.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
