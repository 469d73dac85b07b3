using Foretell.Cli.Cluster;
using Foretell.Engine.Store;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Stores.Postgres;
using Foretell.Stores.Sqlite;

namespace Foretell.Bench;

/// <summary>The embedded host in this process, on its SQLite files or on a cluster's log and store; each round begins a new log.</summary>
internal sealed class EmbeddedLayout(ForecastModel model, string folder, ThrowawayPostgres? postgres = null) : ILayout, IAsyncDisposable
{
    public string Name => postgres is null ? "embedded host" : "embedded host on PostgreSQL";

    /// <summary>On PostgreSQL: what is left of the difference to a cluster is then the cluster's.</summary>
    public static async Task<EmbeddedLayout> OnPostgresAsync(ForecastModel model, string folder) =>
        new(model, folder, await ThrowawayPostgres.CreateAsync());

    public async Task<double> ApplyAsync(int round, int count)
    {
        string directory = Directory.CreateDirectory(Path.Combine(folder, $"{Name}-{round}")).FullName;
        EmbeddedOptions options = postgres is null ? OnSqlite(directory) : await OnPostgresAsync(postgres, round);
        await using (PlatformStorage storage = await options.OpenStorage(options.Time, CancellationToken.None))
        {
            await ClusterBench.AppendAsync(storage.Log, round, count);
        }
        TimeSpan before = Environment.CpuUsage.TotalTime;
        double seconds;
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options))
        {
            await platform.Ready;
            await platform.DrainAsync(CancellationToken.None);
            seconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
            ClusterBench.Check(platform.Status());
        }
        Directory.Delete(directory, recursive: true);
        return seconds;
    }

    public void PrintParts(double events)
    {
    }

    public async ValueTask DisposeAsync() => await (postgres?.DisposeAsync() ?? ValueTask.CompletedTask);

    private EmbeddedOptions OnSqlite(string directory) => new()
    {
        OpenStorage = SqliteStorage.In(directory, ClusterBench.Partitions),
        Model = model,
    };

    private async Task<EmbeddedOptions> OnPostgresAsync(ThrowawayPostgres server, int round)
    {
        var database = new PostgresOptions { ConnectionString = server.ConnectionString, Schema = $"round_{round}" };
        await PostgresSchema.MigrateAsync(database);
        return new EmbeddedOptions
        {
            OpenStorage = PostgresStorage.In(database, ClusterBench.Partitions),
            Model = model,
        };
    }
}
