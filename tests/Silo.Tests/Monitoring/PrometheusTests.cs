using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Foretell.Cli.Cluster;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>A real Prometheus beside a real cluster and the demo: rules and dashboard get data, and alerts fire and clear.</summary>
public sealed partial class PrometheusTests : IDisposable
{
    // One day of rules in some 43 minutes, five minutes in 9 s: nine scrapes.
    private const int Haste = 33;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(75);

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new("Authority of the cluster");
    private readonly Hub _orders = new("orders", partitions: 2);
    private long _sent = 1_000_000_000;

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [PrometheusFact]
    public async Task Prometheus_WhenItScrapesAClusterAndTheDemo_HasDataForAllAndTellsOfASiloLost()
    {
        await using HubEndpoint broker = HubEndpoint.Start([_orders, new Hub("alerts", partitions: 1)]);
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 2, Small.Model);
        await using ForetellProcess demo = ForetellProcess.Start(_folder.Path, "run", "--urls", "http://127.0.0.1:0",
            "--metrics-urls", "http://127.0.0.1:0");
        cluster.More["MetricsUrls"] = "http://127.0.0.1:0";
        cluster.More["Certificate"] = _authority.Save(_folder.At("silo.pfx"), _authority.Issue(days: 20));
        cluster.More["CertificatePassword"] = TestAuthority.Password;
        cluster.More["EventHubs__orders__Connection"] = broker.ConnectionString + ";EntityPath=orders";
        cluster.More["Publish__ops__Connection"] = broker.ConnectionString + ";EntityPath=alerts";
        cluster.More["Publish__ops__Streams__0"] = "stream/0";
        await cluster.AddAllAsync(["gateway", "ingest"]);
        SiloProcess gateway = cluster.With("gateway").Single();
        cluster.More["Device"] = "emulated";
        cluster.More["DeviceLeastWave"] = "2";
        SiloProcess worker = await cluster.AddAsync("worker");
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);

        Uri[] silos = await Task.WhenAll(cluster.Silos.Select(silo => silo.MetricsAsync()));
        string line = await demo.LineAsync(l => l.StartsWith("metrics for Prometheus at ", StringComparison.Ordinal));
        var ofDemo = new Uri(line.Split(' ')[^1]);
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(_folder, MonitoringFiles.HastenedRules(Haste),
            [.. silos.Select(silo => (silo, "cluster")), (ofDemo, "demo")]);

        await AssertNamesAsync(cluster, [.. silos, ofDemo]);
        // Panels: a number that is one. Rules: whatever they select, since an alert itself selects nothing while all is well.
        await AllAsync(MonitoringFiles.DashboardQueries().Select(ForOneMoment).Concat(MonitoringFiles.Values("record")).Distinct(),
            async query => (await prometheus.QueryAsync(query)).Any(double.IsFinite), () => LoadAsync(sender, cluster, gateway));
        await AllAsync(MonitoringFiles.Values("expr").SelectMany(MonitoringFiles.Selectors).Distinct(),
            async selector => (await prometheus.QueryAsync(selector)).Count > 0, () => LoadAsync(sender, cluster, gateway));
        Assert.Empty(await prometheus.SickRulesAsync());

        // Without the only worker two alerts come, and both go with the next one at the same address.
        string[] expected = ["ForetellPartitionUnserved", "ForetellSiloLost"];
        string at = (await worker.MetricsAsync()).Authority;
        await FiringAsync(prometheus, expected, firing: false, () => LoadAsync(sender, cluster, gateway));
        await worker.KillAsync();
        await FiringAsync(prometheus, expected, firing: true, () => LoadAsync(sender, cluster, gateway));
        Assert.Contains(await prometheus.FiringAsync(), alert => alert.Summary == $"Silo {at} has not answered for a minute.");
        Assert.DoesNotContain(await prometheus.FiringAsync(), alert => expected.Contains(alert.Name) && alert.Namespace == "demo");
        cluster.More["MetricsUrls"] = $"http://{at}";
        await cluster.AddAsync("worker");
        await FiringAsync(prometheus, expected, firing: false, () => LoadAsync(sender, cluster, gateway));

        // The database: while it is away appends are refused, and no longer.
        await cluster.Postgres.StopAsync();
        await FiringAsync(prometheus, ["ForetellAppendsFailing"], firing: true, () => PostAsync(cluster, gateway, """{"stream":"a","time":1}"""));
        await cluster.Postgres.StartAsync();
        await FiringAsync(prometheus, ["ForetellAppendsFailing"], firing: false, () => LoadAsync(sender, cluster, gateway));

        // The broker loses messages: told at once, and for as long as the partition is not read.
        await FiringAsync(prometheus, ["ForetellSourceRecordsLost"], firing: false, () => LoadAsync(sender, cluster, gateway));
        _orders.Partitions[0].SkipNumbers(3);
        _orders.Partitions[0].Append(EventSets.Json(("behind the hole", ++_sent, "view")));
        await FiringAsync(prometheus, ["ForetellSourceRecordsLost"], firing: true, () => LoadAsync(sender, cluster, gateway));
    }

    /// <summary>Our families as Prometheus' conventions have them; Orleans and the runtime have their own names.</summary>
    private static async Task AssertNamesAsync(SiloCluster cluster, Uri[] processes)
    {
        string[] queries = [.. MonitoringFiles.Values("expr"), .. MonitoringFiles.DashboardQueries()];
        foreach (Uri process in processes)
        {
            string[] ours = [.. (await cluster.Http.GetStringAsync(process)).Split('\n').Where(line => Ours().IsMatch(line))];
            Assert.NotEmpty(ours);
            (int exitCode, string output) = await Promtool.RunAsync(string.Join('\n', ours) + "\n", ["check", "metrics"]);
            Assert.True(exitCode == 0 && output.Length == 0, $"promtool says of {process}: {output}");

            // Told by every silo: a sum over them counts each as often as there are silos.
            string[] ofAll = [.. ours.Where(line => line.StartsWith("# HELP ", StringComparison.Ordinal)
                && line.Contains("take the maximum, never the sum", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])];
            Assert.Contains("foretell_storage_size_bytes", ofAll);
            Assert.All(ofAll, name => Assert.DoesNotContain(queries, query =>
                Regex.IsMatch(query, $@"\b(sum|avg|count)\s*(by\s*\([^)]*\))?\s*\((rate\(|deriv\()?{name}\b")));
        }
    }

    /// <summary>A panel's query as Grafana would ask it.</summary>
    private static string ForOneMoment(string query) =>
        query.Replace("$__rate_interval", "10s", StringComparison.Ordinal).Replace("$namespace", ".*", StringComparison.Ordinal);

    /// <summary>Waits until each query has had what is wanted, under load.</summary>
    private static async Task AllAsync(IEnumerable<string> queries, Func<string, Task<bool>> has, Func<Task> load)
    {
        List<string> open = [.. queries];
        Assert.NotEmpty(open);
        using var limit = new CancellationTokenSource(s_limit);
        while (open.Count > 0)
        {
            Assert.False(limit.IsCancellationRequested, $"Prometheus has no data for\n{string.Join('\n', open)}");
            await load();
            bool[] done = await Task.WhenAll(open.Select(has));
            open = [.. open.Where((_, i) => !done[i])];
        }
    }

    /// <summary>Waits until all of some alerts fire in the cluster, or none does, under load.</summary>
    private static async Task FiringAsync(PrometheusServer prometheus, string[] names, bool firing, Func<Task> load)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            await load();
            IReadOnlyList<(string Name, string Namespace, string Summary)> now = await prometheus.FiringAsync();
            if (names.All(name => now.Any(alert => alert.Name == name && alert.Namespace == "cluster") == firing))
            {
                return;
            }
            Assert.False(limit.IsCancellationRequested,
                $"{string.Join(" and ", names)} should {(firing ? "fire" : "not fire")}, and these do: {string.Join(", ", now)}");
        }
    }

    /// <summary>Some events through the gateway, some from the hub and one that is refused; then a moment, as senders take.</summary>
    private async Task LoadAsync(Sender sender, SiloCluster cluster, SiloProcess gateway)
    {
        await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => ($"stream/{i % 8}", ++_sent, "login"))]);
        for (int i = 0; i < 4; i++)
        {
            _orders.Append(new HubMessage(EventSets.Json(($"order/{i}", ++_sent, "view"))), $"order/{i}");
        }
        await PostAsync(cluster, gateway, """{"stream":"","time":1}""");
        await Task.Delay(100);
    }

    private static async Task PostAsync(SiloCluster cluster, SiloProcess gateway, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await cluster.Http.PostAsync(new Uri(gateway.Url, "/v1/events"), body);
        Assert.NotEqual(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [GeneratedRegex("^(# (HELP|TYPE) )?foretell_")]
    private static partial Regex Ours();
}

/// <summary>A test with a real Prometheus beside a real cluster: its programs and PostgreSQL's must be on the machine.</summary>
public sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall
            : Promtool.IsThere("prometheus") && Promtool.IsThere("promtool") ? null
            : "Prometheus was not found. Install it (Debian, Ubuntu: apt install prometheus).";
}
