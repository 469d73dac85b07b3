using Foretell.Cli.Cluster;
using Foretell.Engine;
using Foretell.Support;
using Npgsql;

namespace Foretell.Stores.Postgres.Tests;

public sealed class ThrowawayPostgresTests
{
    [Fact]
    public async Task Server_WhenStoppedKilledAndDisposed_KeepsItsDataUntilItIsGone()
    {
        PostgresServer.SkipWithoutPostgres();
        ThrowawayPostgres server = await ThrowawayPostgres.CreateAsync();
        var options = new PostgresOptions { ConnectionString = server.ConnectionString, Schema = "public" };
        string folder = Path.GetDirectoryName((string)options.Execute("SHOW data_directory")!)!;
        options.Execute("CREATE TABLE kept(x int); INSERT INTO kept VALUES(1)");
        Assert.Equal("127.0.0.1", options.Execute("SHOW listen_addresses"));

        await server.KillAsync();
        Assert.False(server.IsRunning);
        Assert.ThrowsAny<NpgsqlException>(() => options.Execute("SELECT 1"));
        await server.StartAsync();
        options.Execute("INSERT INTO kept VALUES(2)");
        await server.StopAsync();
        Assert.ThrowsAny<NpgsqlException>(() => options.Execute("SELECT 1"));
        await server.StartAsync();
        Assert.Equal(2L, options.Execute("SELECT count(*) FROM kept"));
        Assert.Equal(server.ConnectionString, options.ConnectionString);

        Assert.True(Directory.Exists(folder));
        await server.DisposeAsync();
        Assert.False(Directory.Exists(folder));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.StartAsync());
    }

    [Fact]
    public async Task Create_WhenFolderHasNoPrograms_NamesIt()
    {
        using var folder = new TemporaryFolder();
        var e = await Assert.ThrowsAsync<StorageException>(() => ThrowawayPostgres.CreateAsync(folder.Path));
        Assert.Contains(folder.Path, e.Message);
    }
}
