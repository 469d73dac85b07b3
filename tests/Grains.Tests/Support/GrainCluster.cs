using System.Globalization;
using Foretell.Cli.Cluster;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Stores.Postgres;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Foretell.Grains.Tests.Support;

/// <summary>Silos in this process, over one log and store: SQLite's, or PostgreSQL's where alerts are to be raised.</summary>
public sealed class GrainCluster : IAsyncDisposable
{
    private const string NameProperty = "foretell-test-cluster", RolesProperty = "foretell-test-roles";

    private static int s_schemas;

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, GrainCluster> s_clusters = new();

    private readonly string _name = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private TemporaryFolder? _directory;
    private readonly List<SiloEngine> _engines = [];

    private GrainCluster() => s_clusters[_name] = this;

    public ForecastModel Model { get; private init; } = Small.Model;

    public IEventLog Log { get; private init; } = null!;

    public IStateStore Store { get; private init; } = null!;

    /// <summary>SQLite's log.</summary>
    public string LogFile => _directory!.At("log.db");

    /// <summary>Raised alerts; null where the cluster raises none.</summary>
    public PostgresAlertLog? Alerts { get; private init; }

    /// <summary>When a stream is overdue.</summary>
    public static readonly AlertRule Rule = new() { Survival = 0.01, Tick = TimeSpan.FromMilliseconds(50) };

    /// <summary>No lease ends, and no partition moves by itself, because the machine is busy for a while.</summary>
    public static readonly GrainOptions Calm = new()
    {
        Alerts = Rule,
        Threads = 2,
        QuietRounds = int.MaxValue,
        Partition = new PartitionHostOptions { CommitInterval = TimeSpan.FromMilliseconds(100), Lease = TimeSpan.FromSeconds(30) },
    };

    private GrainOptions Options { get; init; } = Calm;

    /// <summary>What steps the rows of the silo at an index; null for the CPU.</summary>
    private Func<int, IStepDevice?> Device { get; init; } = _ => null;

    public TestCluster Cluster { get; private set; } = null!;

    public IGrainFactory Grains => Cluster.GrainFactory;

    /// <summary>The platform as the silo at an index sees it.</summary>
    public ClusterPlatform Platform(int silo = 0) => Services(silo).GetRequiredService<ClusterPlatform>();

    public IServiceProvider Services(int silo) => ((InProcessSiloHandle)Cluster.Silos[silo]).SiloHost.Services;

    /// <summary>Starts silos with the given roles, such as "ingest,gateway"; each has its share of the partitions, and serves it.</summary>
    public static Task<GrainCluster> StartAsync(int partitions, params string[] roles) => StartAsync(Small.Model, partitions, roles);

    /// <summary>The same with a model of its own.</summary>
    public static Task<GrainCluster> StartAsync(ForecastModel model, int partitions, params string[] roles) =>
        StartAsync(model, Calm, partitions, roles);

    /// <summary>The same with options of its own.</summary>
    public static Task<GrainCluster> StartAsync(ForecastModel model, GrainOptions options, int partitions, params string[] roles) =>
        StartAsync(model, options, _ => null, partitions, roles);

    /// <summary>The same with a device for each silo.</summary>
    public static Task<GrainCluster> StartAsync(ForecastModel model, GrainOptions options, Func<int, IStepDevice?> device, int partitions,
        params string[] roles)
    {
        var directory = new TemporaryFolder();
        return DeployAsync(new GrainCluster
        {
            _directory = directory,
            Model = model,
            Options = options,
            Device = device,
            Log = SqliteEventLog.Open(directory.At("log.db"), partitions, TimeProvider.System),
            Store = new SqliteStateStore(directory.Path),
        }, roles);
    }

    /// <summary>The same over a PostgreSQL server, with alerts.</summary>
    public static async Task<GrainCluster> StartWithAlertsAsync(ThrowawayPostgres server, int partitions, params string[] roles)
    {
        var options =
            new PostgresOptions { ConnectionString = server.ConnectionString, Schema = $"grains_{Interlocked.Increment(ref s_schemas)}" };
        await PostgresSchema.MigrateAsync(options);
        return await DeployAsync(new GrainCluster
        {
            Log = await PostgresEventLog.OpenAsync(options, partitions, TimeProvider.System),
            Store = new PostgresStateStore(options),
            Alerts = new PostgresAlertLog(options),
        }, roles);
    }

    private static async Task<GrainCluster> DeployAsync(GrainCluster cluster, string[] roles)
    {
        var builder = new TestClusterBuilder((short)roles.Length);
        builder.Properties[NameProperty] = cluster._name;
        builder.Properties[RolesProperty] = string.Join(';', roles);
        builder.AddSiloBuilderConfigurator<Configurator>();
        cluster.Cluster = builder.Build();
        await cluster.Cluster.DeployAsync();
        try
        {
            await Shares.TakeAsync(cluster, roles);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Appends events and waits until they are applied.</summary>
    public async Task FeedAsync(IEnumerable<(string Stream, long Ticks, string Mark)> events)
    {
        foreach ((string, long, string)[] chunk in events.Chunk(500))
        {
            await Log.AppendAsync(EventSets.Batch(chunk));
        }
        await AppliedAsync();
    }

    /// <summary>Waits until everything in the log is applied.</summary>
    public Task AppliedAsync()
    {
        var end = new Position([.. Enumerable.Range(0, Log.PartitionCount).Select(p => (p, Log.End(p).Sequence))]);
        return Platform().WaitAppliedAsync(end, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>What the log means, one event after the other.</summary>
    public Task<Reference> ReferenceAsync() => Reference.ReplayAsync(Log, Model);

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
        foreach (SiloEngine engine in _engines)
        {
            engine.Dispose();
        }
        s_clusters.TryRemove(_name, out _);
        await (Alerts?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Store.DisposeAsync();
        await Log.DisposeAsync();
        _directory?.Dispose();
    }

    private sealed class Configurator : IHostConfigurator
    {
        public void Configure(IHostBuilder host) => host.UseOrleans((context, silo) =>
        {
            GrainCluster cluster = s_clusters[context.Configuration[NameProperty]!];
            string[] roles = context.Configuration[RolesProperty]!.Split(';');
            // By name, "Primary" or "Secondary_1" and on: all but the first start at once, in any order.
            string[] name = context.Configuration["Orleans:Name"]!.Split('_');
            int index = name.Length == 1 ? 0 : int.Parse(name[1], CultureInfo.InvariantCulture);
            var engine = new SiloEngine(new ServingModel(cluster.Model, cluster.Device(index)), cluster.Log, cluster.Store, cluster.Alerts,
                cluster.Options);
            lock (cluster._engines)
            {
                cluster._engines.Add(engine);
            }
            silo.Services.AddSingleton(engine);
            silo.AddForetellGrains(roles[index % roles.Length].Split(','), engine);
        });
    }
}
