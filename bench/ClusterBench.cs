using Foretell.Cli.Cluster;
using Foretell.Cli.Hosting;
using Foretell.Models;
using Foretell.Streams;

namespace Foretell.Bench;

/// <summary>
/// What a cluster costs: events applied per second of processor time through reader, ShardGrain and step, in silos of
/// their own, against the embedded host in the same run. Every host finds the same events in its log, and commits them;
/// appending them is nobody's cost, and neither is the database.
/// </summary>
internal static class ClusterBench
{
    private const int Partitions = 4, WarmUp = 1_000_000, Count = 3_000_000, AppendSize = 100_000, Rounds = 3;
    private const double Goal = 0.60;

    private static readonly ForecastModel s_model = ForecastModel.Untrained(StepBench.Config(64, 2), 1);

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
        try
        {
            string model = Path.Combine(folder, "model.safetensors");
            s_model.Save(model);
            double embedded = await EmbeddedAsync(folder);
            await EmbeddedOnPostgresAsync(folder, embedded);
            await SilosAsync("one silo with every role", model, embedded, "gateway,ingest,worker");
            await SilosAsync("gateway+ingest silo and worker silo", model, embedded, "gateway,ingest", "worker");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The embedded host on its SQLite files, in this process.</summary>
    private static async Task<double> EmbeddedAsync(string folder)
    {
        var rates = new List<double>();
        for (int round = 0; round <= Rounds; round++)
        {
            string directory = Path.Combine(folder, $"embedded-{round}");
            Directory.CreateDirectory(directory);
            await using (SqliteEventLog log = SqliteEventLog.Open(Path.Combine(directory, "log.db"), Partitions, TimeProvider.System))
            {
                await AppendAsync(log, round == 0 ? WarmUp : Count, round);
            }
            rates.Add(await ApplyAsync(new EmbeddedOptions { DataDirectory = directory, Model = s_model }));
            Directory.Delete(directory, recursive: true);
        }
        return Print("embedded host", rates[1..], null);
    }

    /// <summary>The embedded host's loop on the cluster's log and store: what is left of the difference is the cluster's.</summary>
    private static async Task EmbeddedOnPostgresAsync(string folder, double embedded)
    {
        var rates = new List<double>();
        await using ThrowawayPostgres postgres = await ThrowawayPostgres.CreateAsync();
        for (int round = 0; round <= Rounds; round++)
        {
            var database = new PostgresOptions { ConnectionString = postgres.ConnectionString, Schema = $"round_{round}" };
            await PostgresSchema.MigrateAsync(database);
            await using (PostgresEventLog log = await PostgresEventLog.OpenAsync(database, Partitions, TimeProvider.System))
            {
                await AppendAsync(log, round == 0 ? WarmUp : Count, round);
            }
            rates.Add(await ApplyAsync(new EmbeddedOptions
            {
                DataDirectory = Path.Combine(folder, $"postgres-{round}"),
                Model = s_model,
                OpenLog = async stop => await PostgresEventLog.OpenAsync(database, null, TimeProvider.System, stop),
                OpenStore = () => new PostgresStateStore(database),
            }));
        }
        Print("embedded host on PostgreSQL", rates[1..], embedded);
    }

    private static async Task<double> ApplyAsync(EmbeddedOptions options)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options);
        await platform.Ready;
        await platform.DrainAsync(CancellationToken.None);
        Check(platform.Status());
        return platform.Status().EventsApplied / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    /// <summary>Silos in processes of their own; this process only appends.</summary>
    private static async Task SilosAsync(string name, string model, double embedded, params string[] roles)
    {
        await using LocalCluster cluster = await LocalCluster.CreateAsync(SiloPrograms.Settings(model, Partitions, roles), CancellationToken.None);
        await cluster.StartAsync(null, CancellationToken.None);
        await using var platform = new GatewayPlatform(cluster, s_model);
        await platform.ReadyAsync(CancellationToken.None);
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(cluster.Database, null, TimeProvider.System);
        await platform.DrainAsync(await AppendAsync(log, WarmUp, 0), CancellationToken.None);

        var rates = new List<double>();
        double startedAt = Seconds(cluster);
        Dictionary<string, double>[] threads = Threads(cluster);
        double database = Database(cluster);
        for (int round = 1; round <= Rounds; round++)
        {
            double before = Seconds(cluster);
            await platform.DrainAsync(await AppendAsync(log, Count, round), CancellationToken.None);
            rates.Add(Count / (Seconds(cluster) - before));
        }
        Print(name, rates, embedded);
        PrintThreads(cluster, roles, threads, Threads(cluster));
        const double million = Rounds * Count / 1e6;
        Console.WriteLine(FormattableString.Invariant($"  all silos {(Seconds(cluster) - startedAt) / million:0.00} s per million events; PostgreSQL beside them {(Database(cluster) - database) / million:0.00} s"));
        PlatformStatus status = await platform.StatusAsync(Position.None, CancellationToken.None);
        Check(status);
    }

    // A dead letter is not stepped: it would make a host look quick.
    private static void Check(PlatformStatus status)
    {
        if (status.DeadLetters > 0)
        {
            throw new InvalidOperationException($"{status.DeadLetters} of the bench's events became dead letters.");
        }
    }

    private static async Task<Position> AppendAsync(IEventLog log, int count, int round)
    {
        // Every round goes on where the one before ended: an older event would be a dead letter.
        long start = (long)round * Count * EventTime.PerSecond;
        for (int first = 0; first < count; first += AppendSize)
        {
            await log.AppendAsync(AppendBench.Events(AppendSize, round * 1000 + first / AppendSize, start + first * EventTime.PerSecond), null, CancellationToken.None);
        }
        return new Position([.. Enumerable.Range(0, log.PartitionCount).Select(p => (p, log.End(p).Sequence))]);
    }

    private static double Print(string name, List<double> rates, double? embedded)
    {
        rates.Sort();
        double median = rates[rates.Count / 2];
        string ratio = embedded is { } reference ? FormattableString.Invariant($"  {median / reference:0.00} of the embedded host (goal {Goal:0.00})") : "";
        Console.WriteLine(FormattableString.Invariant($"{name,-40} {median,12:N0} events/s of processor time ({rates[0]:N0} to {rates[^1]:N0}){ratio}"));
        return median;
    }

    private static double Seconds(LocalCluster cluster) => cluster.Silos.Sum(s => s.Cpu.TotalSeconds);

    private static double Database(LocalCluster cluster) => cluster.Cpu().Where(p => p.Role == ProcessCpu.Database).Sum(p => p.Seconds);

    private static Dictionary<string, double>[] Threads(LocalCluster cluster) => [.. cluster.Silos.Select(s => ThreadCpu.Read(s.Id))];

    private static void PrintThreads(LocalCluster cluster, string[] roles, Dictionary<string, double>[] before, Dictionary<string, double>[] after)
    {
        const double million = Rounds * Count / 1e6;
        for (int silo = 0; silo < cluster.Silos.Count; silo++)
        {
            IEnumerable<string> parts = after[silo].Select(t => (Kind: t.Key, Seconds: (t.Value - before[silo].GetValueOrDefault(t.Key)) / million))
                .Where(t => t.Seconds >= 0.005).OrderByDescending(t => t.Seconds).Select(t => FormattableString.Invariant($"{t.Kind} {t.Seconds:0.00}"));
            Console.WriteLine($"  {cluster.Silos[silo].Label} ({roles[silo]}), s per million events: {string.Join(", ", parts)}");
        }
    }
}
