using Foretell.Models;
using Foretell.Streams;

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
        EmbeddedOptions options = postgres is null ? OnSqlite(directory) : await OnPostgresAsync(directory, postgres, round);
        await using (IEventLog log = await options.OpenLog!(CancellationToken.None))
        {
            await ClusterBench.AppendAsync(log, round, count);
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
        DataDirectory = directory,
        Model = model,
        OpenLog = _ => Task.FromResult<IEventLog>(SqliteEventLog.Open(Path.Combine(directory, "log.db"), ClusterBench.Partitions, TimeProvider.System)),
    };

    private async Task<EmbeddedOptions> OnPostgresAsync(string directory, ThrowawayPostgres server, int round)
    {
        var database = new PostgresOptions { ConnectionString = server.ConnectionString, Schema = $"round_{round}" };
        await PostgresSchema.MigrateAsync(database);
        return new EmbeddedOptions
        {
            DataDirectory = directory,
            Model = model,
            OpenLog = async stop => await PostgresEventLog.OpenAsync(database, ClusterBench.Partitions, TimeProvider.System, stop),
            OpenStore = () => new PostgresStateStore(database),
        };
    }
}
