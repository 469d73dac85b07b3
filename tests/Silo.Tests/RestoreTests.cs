using System.Diagnostics;
using System.Globalization;
using Foretell.Cli.Cluster;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Npgsql;

namespace Foretell.Silo.Tests;

/// <summary>The drill of docs/kubernetes.md: a copy taken under load, everything lost, the copy restored.</summary>
public sealed class RestoreTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>, IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private static readonly List<(string, long, string)> s_events =
        Small.Workload(20_000, 500, EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [ClusterFact]
    public async Task Restore_OfACopyTakenUnderLoad_GoesOnWhereTheCopyEnds()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, "gateway,ingest", "worker", "worker");
        await cluster.ProbeAllAsync(cluster.Silos[0]);
        using var sender = new Sender(cluster, [cluster.Silos[0]]);
        Task sending = sender.RunAsync(s_events, batchSize: 50);
        await Until.TrueAsync(() => sender.Accepted > 2000, s_limit);
        await cluster.CommittedAsync();

        long before = sender.Accepted;
        string copy = _directory.At("foretell.dump");
        await RunAsync("pg_dump", cluster, "--format=custom", $"--schema={cluster.Options.Schema}", $"--file={copy}");
        long after = sender.Accepted;
        await Until.TrueAsync(() => sender.Accepted > after + 500, s_limit);
        sender.Stop();
        await sending;

        // The machines are lost, and the database with them.
        foreach (SiloProcess silo in cluster.Silos)
        {
            await silo.KillAsync();
        }
        await using (NpgsqlConnection connection = await OpenAsync(cluster))
        {
            await using var drop = new NpgsqlCommand($"DROP SCHEMA {cluster.Options.Schema} CASCADE", connection);
            await drop.ExecuteNonQueryAsync();
        }
        await RunAsync("pg_restore", cluster, "--exit-on-error", $"--dbname={Database(cluster)}", copy);
        long restored = await EventsAsync(cluster);
        // What had been acknowledged when the copy began is in it, and nothing that was sent after it had ended.
        Assert.InRange(restored - cluster.Partitions, before, after + 50);

        long started = TimeProvider.System.GetTimestamp();
        await cluster.AddAllAsync(["gateway,ingest", "worker", "worker"]);
        SiloProcess gateway = cluster.Silos[^3];
        await cluster.ServedAsync(gateway, s_limit);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"served {TimeProvider.System.GetElapsedTime(started).TotalSeconds:F1} s after the start"));
        using var next = new Sender(cluster, [gateway]);
        await next.SendAsync([.. s_events.TakeLast(500)]);

        Assert.Empty(sender.Surprises);
        await cluster.AssertEqualsReferenceAsync(restored + next.Accepted);
    }

    private static async Task<long> EventsAsync(SiloCluster cluster)
    {
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(cluster.Options, null, TimeProvider.System);
        return Enumerable.Range(0, cluster.Partitions).Sum(p => log.End(p).Events);
    }

    private static async Task<NpgsqlConnection> OpenAsync(SiloCluster cluster)
    {
        var connection = new NpgsqlConnection(cluster.Options.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static string Database(SiloCluster cluster) => new NpgsqlConnectionStringBuilder(cluster.Options.ConnectionString).Database!;

    /// <summary>Runs one of PostgreSQL's programs on the cluster's database.</summary>
    private static async Task RunAsync(string program, SiloCluster cluster, params string[] arguments)
    {
        var at = new NpgsqlConnectionStringBuilder(cluster.Options.ConnectionString);
        var start = new ProcessStartInfo(Path.Combine(PostgresPrograms.Find(null)!, program), arguments) { RedirectStandardError = true };
        start.Environment["PGHOST"] = at.Host;
        start.Environment["PGPORT"] = at.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = at.Username;
        start.Environment["PGPASSWORD"] = at.Password;
        start.Environment["PGDATABASE"] = at.Database;
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {errors}");
    }
}
