using System.Net;
using System.Net.Sockets;
using Foretell.Cli.Shell;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;
using Foretell.Support;
using Npgsql;

namespace Foretell.Stores.Postgres.Tests;

[Collection(PostgresServer.Name)]
public sealed class PostgresSchemaTests(PostgresServer server)
{
    [Fact]
    public async Task Migrate_WhenRepeated_FindsNothingToDo()
    {
        Assert.Equal(PostgresSchema.Version, await PostgresSchema.MigrateAsync(server.ConnectionString, "migrated_twice"));
        Assert.Equal(0, await PostgresSchema.MigrateAsync(server.ConnectionString, "migrated_twice"));
    }

    [Fact]
    public async Task Migrate_WhenTheSchemaHasShardsOfAnEarlierRelease_LeavesThemReadable()
    {
        PostgresOptions options = await server.NewSchemaAsync();
        options.Execute("ALTER TABLE shard DROP COLUMN calibration, DROP COLUMN format; UPDATE schema_version SET version = 2; "
            + "INSERT INTO shard VALUES(0, 7, 'late=1;future=1', 'model', 15, 0, 1, 2, 3)");

        Assert.Equal(PostgresSchema.Version - 2, await PostgresSchema.MigrateAsync(options));

        await using var store = new PostgresStateStore(options);
        ShardHeader header = (await store.ReadHeaderAsync(0, default))!;
        Assert.Equal((7, new ShardTotals(1, 2, 3), 0, 1), (header.Position, header.Totals, header.Calibration.Events, header.Format));
    }

    [Fact]
    public async Task Migrate_WhenManyDoItAtOnce_DoesEachStepOnce()
    {
        int[] steps =
            await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => Task.Run(() => PostgresSchema.MigrateAsync(server.ConnectionString, "migrated_together"))));
        Assert.Equal(PostgresSchema.Version, steps.Sum());
    }

    [Fact]
    public async Task Open_WhenSchemaWasNotMigrated_SaysSo()
    {
        var options = new PostgresOptions { ConnectionString = server.ConnectionString, Schema = "never_made" };
        var e = await Assert.ThrowsAsync<StorageException>(() => PostgresEventLog.OpenAsync(options, null, TimeProvider.System));
        Assert.Contains("Schema never_made does not exist", e.Message);
    }

    [Fact]
    public async Task Migrate_WhenSchemaIsNewerThanTheProgram_IsRefused()
    {
        PostgresOptions options = await server.NewSchemaAsync();
        options.Execute("UPDATE schema_version SET version = 1000");
        var e = await Assert.ThrowsAsync<StorageException>(() => PostgresSchema.MigrateAsync(options));
        Assert.Contains($"has version 1000, which is newer than this program's {PostgresSchema.Version}", e.Message);
        Assert.Equal(e.Message,
            (await Assert.ThrowsAsync<StorageException>(() => PostgresEventLog.OpenAsync(options, null, TimeProvider.System))).Message);
    }

    [Fact]
    public async Task Migrate_WhenTheLogHasNoTracesYet_GivesThemRoomWhileOlderProgramsAppend()
    {
        PostgresOptions options = await server.NewSchemaAsync();
        options.Execute("ALTER TABLE segment DROP COLUMN trace; UPDATE schema_version SET version = 3");

        Assert.Equal(PostgresSchema.Version - 3, await PostgresSchema.MigrateAsync(options));

        // Their statement, which names no columns.
        options.Execute("INSERT INTO segment SELECT 0, 1, 1, 0, 0, ''::bytea");
    }

    [Fact]
    public async Task Migrate_WhenRoleMayNotCreate_NamesRoleAndRemedyAndLeavesNothing()
    {
        var admin = new PostgresOptions { ConnectionString = server.ConnectionString, Schema = "public" };
        admin.Execute("CREATE ROLE visitor LOGIN PASSWORD 'visitor'");
        var visitor = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "visitor", Password = "visitor" };
        var e = await Assert.ThrowsAsync<StorageException>(() => PostgresSchema.MigrateAsync(visitor.ConnectionString, "not_allowed"));
        Assert.Contains("Role 'visitor' lacks a right", e.Message);
        Assert.Contains("GRANT CREATE ON DATABASE", e.Message);
        Assert.Equal(true, admin.Execute("SELECT to_regnamespace('not_allowed') IS NULL"));

        // A role that may only use what an administrator made can run everything but the migration.
        PostgresOptions made = await server.NewSchemaAsync();
        made.Execute($"GRANT USAGE ON SCHEMA {made.Schema} TO visitor; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {made.Schema} TO visitor");
        PostgresOptions used = made with { ConnectionString = visitor.ConnectionString };
        Assert.Equal(0, await PostgresSchema.MigrateAsync(used));
        await using IEventLog log = await PostgresEventLog.OpenAsync(used, 2, TimeProvider.System);
        Assert.Equal("0-1", (await log.AppendAsync(EventSets.Batch(("b", 1, "")))).Position.ToString());
    }

    [Fact]
    public async Task Migrate_WhenPasswordOrDatabaseIsWrong_SaysWhich()
    {
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong" };
        Assert.Contains("refused role 'foretell'",
            (await Assert.ThrowsAsync<StorageException>(() => PostgresSchema.MigrateAsync(wrong.ConnectionString))).Message);
        var missing = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "nowhere" };
        Assert.Contains("no database 'nowhere'",
            (await Assert.ThrowsAsync<StorageException>(() => PostgresSchema.MigrateAsync(missing.ConnectionString))).Message);
    }

    [Fact]
    public async Task Migrate_WhenNobodyListens_SaysWhere()
    {
        // A port that is taken but on which nobody answers connections.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var e = await Assert.ThrowsAsync<StorageException>(() =>
            PostgresSchema.MigrateAsync($"Host=127.0.0.1;Port={port};Username=a;Database=b;Timeout=5"));
        Assert.Contains($"PostgreSQL at 127.0.0.1:{port} cannot be reached", e.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("1st")]
    [InlineData("a; DROP TABLE x")]
    public async Task Migrate_WhenSchemaNameIsUnfit_SaysWhatIsAllowed(string schema)
    {
        var e = await Assert.ThrowsAsync<ArgumentException>(() => PostgresSchema.MigrateAsync(server.ConnectionString, schema));
        Assert.Contains("lower-case letters, digits and _", e.Message);
    }
}
