using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Stores.Postgres;

namespace Foretell.Bench;

/// <summary>Silos in processes of their own; this process appends the events that they read.</summary>
internal sealed class SiloLayout : ILayout, IAsyncDisposable
{
    private readonly LocalCluster _cluster;
    private readonly GatewayTarget _platform;
    private readonly PostgresEventLog _log;
    private readonly string[] _roles;
    private readonly Dictionary<string, double>[] _threads;
    private double _database;

    private SiloLayout(string name, LocalCluster cluster, GatewayTarget platform, PostgresEventLog log, string[] roles) =>
        (Name, _cluster, _platform, _log, _roles, _threads) =
            (name, cluster, platform, log, roles, [.. roles.Select(_ => new Dictionary<string, double>())]);

    public string Name { get; }

    /// <summary>Starts silos with roles.</summary>
    public static async Task<SiloLayout> StartAsync(string name, ForecastModel model, string file, params string[] roles)
    {
        LocalCluster cluster =
            await LocalCluster.CreateAsync(SiloPrograms.Settings(file, ClusterBench.Partitions, roles), CancellationToken.None);
        await cluster.StartAsync(null, CancellationToken.None);
        var platform = new GatewayTarget(cluster, model);
        await platform.ReadyAsync(CancellationToken.None);
        return new SiloLayout(name, cluster, platform, await PostgresEventLog.OpenAsync(cluster.Database, null, TimeProvider.System),
            roles);
    }

    public async Task<double> ApplyAsync(int round, int count)
    {
        double before = Seconds(), database = Database();
        Dictionary<string, double>[] threads = Threads();
        PlatformStatus status = await _platform.DrainAsync(await ClusterBench.AppendAsync(_log, round, count), CancellationToken.None);
        double seconds = Seconds() - before;
        // The first round only warms up.
        if (round > 0)
        {
            _database += Database() - database;
            Add(threads, Threads());
        }
        ClusterBench.Check(status);
        return seconds;
    }

    public void PrintParts(double events)
    {
        for (int silo = 0; silo < _threads.Length; silo++)
        {
            IEnumerable<string> parts = _threads[silo].OrderByDescending(t => t.Value)
                .Select(t => FormattableString.Invariant($"{t.Key} {1e6 * t.Value / events:0.00}"));
            Console.WriteLine($"  {_cluster.Silos[silo].Label} ({_roles[silo]}), s per million events: {string.Join(", ", parts)}");
        }
        Console.WriteLine(FormattableString.Invariant($"  PostgreSQL beside them {1e6 * _database / events:0.00}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _platform.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private double Seconds() => _cluster.Silos.Sum(s => s.Cpu.TotalSeconds);

    private double Database() => _cluster.Cpu().Where(p => p.Role == ProcessCpu.Database).Sum(p => p.Seconds);

    private void Add(Dictionary<string, double>[] before, Dictionary<string, double>[] after)
    {
        for (int silo = 0; silo < after.Length; silo++)
        {
            foreach ((string kind, double seconds) in after[silo])
            {
                _threads[silo][kind] = _threads[silo].GetValueOrDefault(kind) + seconds - before[silo].GetValueOrDefault(kind);
            }
        }
    }

    private Dictionary<string, double>[] Threads() => [.. _cluster.Silos.Select(s => ThreadCpu.Read(s.Id))];
}
