using Foretell.Cli.Cluster;
using Npgsql;

namespace Foretell.Stores.Postgres.Tests;

/// <summary>One server for every test that does not stop it; each test has a schema of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresServer : IAsyncLifetime, ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";

    private ThrowawayPostgres? _server;
    private int _schemas;

    public string ConnectionString => _server!.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        if (PostgresPrograms.Find() is not null)
        {
            _server = await ThrowawayPostgres.CreateAsync();
        }
    }

    /// <summary>Skips the test at work, saying why, where PostgreSQL is not on the machine.</summary>
    public static void SkipWithoutPostgres() => Assert.SkipWhen(PostgresPrograms.Find() is null, PostgresPrograms.HowToInstall);

    /// <summary>A schema that nothing was written to yet.</summary>
    public async Task<PostgresOptions> NewSchemaAsync()
    {
        SkipWithoutPostgres();
        var options = new PostgresOptions { ConnectionString = ConnectionString, Schema = $"test_{Interlocked.Increment(ref _schemas)}" };
        await PostgresSchema.MigrateAsync(options);
        return options;
    }

    public async ValueTask DisposeAsync() => await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
}

/// <summary>What tests do behind the back of log and store.</summary>
public static class PostgresSessions
{
    /// <summary>Opens a session of the test's own, outside any pool.</summary>
    public static NpgsqlConnection Open(this PostgresOptions options)
    {
        var connection = new NpgsqlConnection($"{options.ConnectionString};Search Path={options.Schema};Pooling=false");
        connection.Open();
        return connection;
    }

    public static object? Execute(this PostgresOptions options, string sql)
    {
        using NpgsqlConnection connection = options.Open();
        return connection.Execute(sql);
    }

    public static object? Execute(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>Keeps a table locked, as a long migration or a forgotten session would, until the result is disposed.</summary>
    /// <param name="mode">What the lock keeps out: by default everything, reads included.</param>
    public static IDisposable Lock(this PostgresOptions options, string table, string mode = "ACCESS EXCLUSIVE")
    {
        NpgsqlConnection holder = options.Open();
        holder.Execute($"BEGIN; LOCK TABLE {table} IN {mode} MODE");
        return holder;
    }

    /// <summary>Makes every insert into a table fail, as a broken disk would.</summary>
    public static void Break(this PostgresOptions options, string table) => options.Execute(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk I/O error'; END $$; "
        + $"CREATE TRIGGER broken BEFORE INSERT ON {table} EXECUTE FUNCTION fail()");

    /// <summary>Ends <see cref="Break"/>.</summary>
    public static void Mend(this PostgresOptions options, string table) => options.Execute($"DROP TRIGGER broken ON {table}");
}
