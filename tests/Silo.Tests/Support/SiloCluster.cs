using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Network;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Silo.Tests.Support;

/// <summary>Real silos in processes of their own, over a PostgreSQL server of their own.</summary>
public sealed partial class SiloCluster : IAsyncDisposable
{
    private static int s_schemas;

    private readonly TemporaryFolder _directory = new();
    private readonly bool _ownsPostgres;

    private SiloCluster(ThrowawayPostgres postgres, bool ownsPostgres, int partitions, ForecastModel model)
    {
        (Postgres, _ownsPostgres, Partitions, Model) = (postgres, ownsPostgres, partitions, model);
        Options = new PostgresOptions { ConnectionString = postgres.ConnectionString,
            Schema = $"silo_{Interlocked.Increment(ref s_schemas)}" };
        model.Save(_directory.At("model.safetensors"));
    }

    public ThrowawayPostgres Postgres { get; }

    public PostgresOptions Options { get; }

    public int Partitions { get; }

    public ForecastModel Model { get; }

    public List<SiloProcess> Silos { get; } = [];

    /// <summary>The silos that were started with just these roles.</summary>
    public List<SiloProcess> With(string roles) => Silos.FindAll(s => s.Roles == roles);

    /// <summary>Longest time between commits of the silos to be started, seconds.</summary>
    public double CommitSeconds { get; set; } = 1;

    /// <summary>Further settings of the silos to be started, by name.</summary>
    public Dictionary<string, string> More { get; } = [];

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Settings of a silo with roles.</summary>
    public Dictionary<string, string> Settings(string roles) => new(More)
    {
        ["Postgres"] = Options.ConnectionString,
        ["Schema"] = Options.Schema,
        ["Cluster"] = Options.Schema,
        ["Model"] = _directory.At("model.safetensors"),
        ["Partitions"] = Partitions.ToString(CultureInfo.InvariantCulture),
        ["Roles"] = roles,
        ["Urls"] = "http://127.0.0.1:0",
        ["Port"] = "0",
        ["CommitSeconds"] = CommitSeconds.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Migrates a schema by the program itself and starts silos, one for each list of roles.</summary>
    public static async Task<SiloCluster> StartAsync(ThrowawayPostgres? postgres, int partitions, ForecastModel model,
        params string[] roles)
    {
        var cluster = new SiloCluster(postgres ?? await ThrowawayPostgres.CreateAsync(), postgres is null, partitions, model);
        try
        {
            (int exitCode, _, string errors) = await SiloProcess.RunAsync(cluster.Settings("worker"), "migrate");
            Assert.True(exitCode == 0, errors);
            await cluster.AddAllAsync(roles);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more silo.</summary>
    public async Task<SiloProcess> AddAsync(string roles, SiloLaunch? launch = null)
    {
        SiloProcess silo = await SiloProcess.StartAsync(Settings(roles), launch);
        Silos.Add(silo);
        return silo;
    }

    /// <summary>Starts silos at once, one for each list of roles.</summary>
    public async Task AddAllAsync(string[] roles, SiloLaunch? launch = null)
    {
        Task<SiloProcess>[] starts = [.. roles.Select(r => SiloProcess.StartAsync(Settings(r), launch))];
        try
        {
            await Task.WhenAll(starts);
        }
        finally
        {
            // Those that started end with the cluster, also when another one did not start.
            Silos.AddRange(starts.Where(s => s.IsCompletedSuccessfully).Select(s => s.Result));
        }
    }

    /// <summary>A key of a stream that belongs to a partition.</summary>
    public string KeyOf(int partition) => EventSets.KeyOf(partition, Partitions);

    /// <summary>Opens a feed, and returns once the subscription stands.</summary>
    /// <param name="gateway">The gateway that is asked.</param>
    /// <param name="path">Path of the feed.</param>
    /// <param name="after">Id of the last event that was read, or null.</param>
    public async Task<FeedReader> OpenFeedAsync(SiloProcess gateway, string path, string? after = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Url, path));
        if (after is not null)
        {
            request.Headers.Add("Last-Event-ID", after);
        }
        HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} answered {response.StatusCode}: {gateway.Errors}");
        return await FeedReader.OpenAsync(response);
    }

    /// <summary>Gives every partition a stream to ask for, and waits until it can be asked.</summary>
    public async Task ProbeAllAsync(SiloProcess gateway)
    {
        using var sender = new Sender(this, [gateway]);
        await sender.SendAsync([.. Enumerable.Range(0, Partitions).Select(p => (KeyOf(p), 1_000_000_000L, "login"))]);
        await ServedAsync(gateway, TimeSpan.FromSeconds(60));
    }

    /// <summary>Waits until every worker serves its share of the partitions; from then on none moves until a silo comes or goes.</summary>
    public Task SharedAsync(TimeSpan limit) => Until.TrueAsync(() =>
    {
        List<SiloProcess> workers = Silos.FindAll(s => s.Roles!.Split(',').Contains("worker"));
        // Each owner of a partition has a higher epoch than the one before.
        SiloProcess[] owners =
            [.. workers.SelectMany(w => Served().Matches(w.Errors)
            .Select(m => (Partition: m.Groups[1].Value, Epoch: long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), Silo: w)))
            .GroupBy(s => s.Partition).Select(g => g.MaxBy(s => s.Epoch).Silo)];
        int[] shares = [.. workers.Select(w => owners.Count(o => o == w))];
        return owners.Length == Partitions && shares.Max() - shares.Min() < 2;
    }, limit);

    /// <summary>Waits until every partition answers a query; returns how long that took.</summary>
    public async Task<TimeSpan> ServedAsync(SiloProcess gateway, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Partitions).Select(async partition =>
        {
            while (true)
            {
                using HttpResponseMessage answer =
                    await Http.GetAsync(new Uri(gateway.Url, $"/v1/streams/{Uri.EscapeDataString(KeyOf(partition))}"));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
                Assert.True(answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.NotFound,
                    $"Partition {partition} answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    Assert.NotNull(answer.Headers.RetryAfter);
                }
                Assert.True(clock.Elapsed < limit,
                    $"Partition {partition} is not served after {clock.Elapsed}: {await answer.Content.ReadAsStringAsync()}");
                await Task.Delay(50);
            }
        }));
        return clock.Elapsed;
    }

    /// <summary>The status as a gateway tells it.</summary>
    public Task<JsonElement> StatusAsync(SiloProcess gateway) => Http.GetFromJsonAsync<JsonElement>(new Uri(gateway.Url, "/v1/status"));

    /// <summary>Waits until everything that was accepted is applied.</summary>
    public async Task AppliedAsync(SiloProcess gateway, long accepted)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            JsonElement status = await StatusAsync(gateway);
            if (status.GetProperty("ready").GetBoolean() && status.GetProperty("lagEvents").GetInt64() == 0
                && status.GetProperty("eventsAccepted").GetInt64() >= accepted)
            {
                return;
            }
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(90), $"Not applied after {clock.Elapsed}: {status}");
            await Task.Delay(100);
        }
    }

    /// <summary>Waits until so many events are in the log.</summary>
    public async Task AcceptedAsync(SiloProcess gateway, long events)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while ((await StatusAsync(gateway)).GetProperty("eventsAccepted").GetInt64() < events)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Digest of all states in the store.</summary>
    public async Task<string> DigestAsync()
    {
        await using var store = new PostgresStateStore(Options);
        return await PlatformDigest.OfStoreAsync(store, Partitions, Small.Serving, default);
    }

    /// <summary>Waits until everything that the log holds by now is in the store, where a new owner begins.</summary>
    public async Task CommittedAsync()
    {
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(Options, null, TimeProvider.System);
        await using var store = new PostgresStateStore(Options);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        for (int partition = 0; partition < Partitions; partition++)
        {
            long end = log.End(partition).Sequence;
            while ((await store.ReadHeaderAsync(partition, limit.Token))?.Position is not { } committed || committed < end)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    /// <summary>Stops every silo gracefully.</summary>
    /// <param name="except">A silo that may end as it likes.</param>
    public async Task StopAllAsync(SiloProcess? except = null)
    {
        foreach (SiloProcess silo in Silos.Where(s => !s.HasExited))
        {
            int exitCode = await silo.StopAsync();
            Assert.True(exitCode == 0 || silo == except, $"A silo ended with {exitCode}: {silo.Errors}");
        }
    }

    /// <summary>Stops the silos and holds what they left against the plain reference over the log.</summary>
    public async Task AssertEqualsReferenceAsync(long accepted, SiloProcess? except = null)
    {
        await StopAllAsync(except);
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(Options, null, TimeProvider.System);
        await using var store = new PostgresStateStore(Options);
        Reference reference = await Reference.ReplayAsync(log, Model);
        ShardHeader[] headers =
            [.. (await Task.WhenAll(Enumerable.Range(0, Partitions).Select(p => store.ReadHeaderAsync(p, default)))).OfType<ShardHeader>()];
        Assert.Equal(accepted, Enumerable.Range(0, Partitions).Sum(p => log.End(p).Events));
        Assert.Equal(Enumerable.Range(0, Partitions).Select(p => log.End(p).Sequence), headers.Select(h => h.Position));
        Assert.Equal(reference.Applied, headers.Sum(h => h.Totals.Applied));
        Assert.Equal(reference.DeadLetters.Count, headers.Sum(h => h.Totals.DeadLetters));
        Assert.Equal(reference.Digest(), await PlatformDigest.OfStoreAsync(store, Partitions, new ServingModel(Model), default));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in Silos)
        {
            await silo.DisposeAsync();
        }
        Http.Dispose();
        if (_ownsPostgres)
        {
            await Postgres.DisposeAsync();
        }
        _directory.Dispose();
    }

    [GeneratedRegex(@"Partition (\d+) is served here: epoch (\d+)")]
    private static partial Regex Served();
}
