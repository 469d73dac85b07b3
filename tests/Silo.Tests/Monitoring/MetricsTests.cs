using System.Net;
using System.Text;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
using Foretell.Support;
using Npgsql;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>What real silos tell Prometheus.</summary>
public sealed class MetricsTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>, IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _directory = new();
    private readonly TestAuthority _authority = new("Authority of the cluster");

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [ClusterFact]
    public async Task Metrics_WhenAClusterServes_HaveEveryNameOfRulesAndDashboard()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        cluster.More["MetricsUrls"] = "http://127.0.0.1:0";
        var hub = new Hub("orders", partitions: 2);
        await using HubEndpoint endpoint = HubEndpoint.Start([hub, new Hub("alerts", partitions: 1)]);
        cluster.More["EventHubs__orders__Connection"] = endpoint.ConnectionString + ";EntityPath=orders";
        cluster.More["Publish__ops__Connection"] = endpoint.ConnectionString + ";EntityPath=alerts";
        hub.Append(new HubMessage(EventSets.Json(("from the hub", 1_000_000_000, "login"))), "from the hub");
        cluster.More["Certificate"] = _authority.Save(_directory.At("silo.pfx"), _authority.Issue(days: 20));
        cluster.More["CertificatePassword"] = TestAuthority.Password;
        SiloProcess gateway = await cluster.AddAsync("gateway,ingest");
        cluster.More["Device"] = "emulated";
        cluster.More["DeviceLeastWave"] = "2";
        SiloProcess worker = await cluster.AddAsync("worker");
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => ($"stream/{i % 8}", 1_000_000_000L + i, "login"))]);
        // Nobody's stream: refused at the door.
        (await PostAsync(cluster, gateway, """{"stream":"","time":1}""")).Dispose();

        string[] queries = [.. MonitoringFiles.Values("expr"), .. MonitoringFiles.DashboardQueries()];
        // All but what an embedded host alone can tell: PostgreSQL says nothing of its disk.
        string[] embedded = ["foretell_disk_free_bytes", "foretell_disk_size_bytes"];
        await UntilAsync(cluster, [gateway, worker], scrape => MonitoringFiles.Missing(queries, scrape).SequenceEqual(embedded),
            scrape => $"Silos tell of all but {string.Join(", ", MonitoringFiles.Missing(queries, scrape))}.");

        Scrape ofGateway = await ScrapeAsync(cluster, gateway), ofWorker = await ScrapeAsync(cluster, worker);
        Assert.Equal(1, ofGateway.Sum("foretell_silo_info", "foretell_role=\"gateway\""));
        Assert.Equal(1, ofGateway.Sum("foretell_silo_info", "foretell_role=\"ingest\""));
        Assert.Equal(2, ofGateway.Sum("foretell_silo_info"));
        Assert.Equal(1, ofWorker.Sum("foretell_silo_info", "foretell_role=\"worker\""));
        Assert.Equal(1, ofWorker.Sum("foretell_silo_info"));
        Assert.InRange(ofWorker.Sum("foretell_certificate_left_seconds"), 19 * 86400, 20 * 86400);
        // The whole cluster's, told by each of them.
        foreach (SiloProcess silo in cluster.Silos)
        {
            await UntilAsync(cluster, [silo], scrape => scrape.Sum("foretell_streams") == 11
                && scrape.Sum("foretell_silo_partitions", "foretell_device=\"emulated") == 2,
                scrape => $"It tells of {scrape.Sum("foretell_streams")} streams.");
        }

        // A port of its own, on both sides.
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cluster, new Uri(gateway.Url, "/metrics")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cluster, new Uri(await gateway.MetricsAsync(), "/v1/status")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cluster, new Uri(await worker.MetricsAsync(), "/health/live")));
    }

    [ClusterFact]
    public async Task Metrics_WhenAPartitionMovesAway_TellOfItWhereItIs()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        cluster.More["MetricsUrls"] = "http://127.0.0.1:0";
        SiloProcess first = await cluster.AddAsync("gateway,ingest,worker");
        await cluster.ProbeAllAsync(first);
        using var sender = new Sender(cluster, [first]);
        // A second event of each stream: the first one's gap is not known.
        await sender.SendAsync([.. Enumerable.Range(0, 2).Select(p => (cluster.KeyOf(p), 1_100_000_000L, "login"))]);
        await UntilAsync(cluster, [first], scrape => scrape.Count("foretell_pit_ks") == 2, scrape => Told("It tells", scrape));

        SiloProcess second = await cluster.AddAsync("worker");
        await cluster.SharedAsync(TimeSpan.FromSeconds(60));

        // The one that has it now has loaded its counts, and tells; the one before lives on, and does not.
        await UntilAsync(cluster, [first], scrape => scrape.Count("foretell_pit_ks") == 1, scrape => Told("The first silo tells", scrape));
        await UntilAsync(cluster, [second], scrape => scrape.Count("foretell_pit_ks") == 1, scrape => Told("The second silo tells", scrape));
        Scrape both = await ScrapeAsync(cluster, first, second);
        Assert.Equal((1, 1), (both.Count("foretell_pit_ks", "foretell_partition=\"0\""), both.Count("foretell_pit_ks", "foretell_partition=\"1\"")));

        static string Told(string who, Scrape scrape) => $"{who} of the calibration of {scrape.Count("foretell_pit_ks")} partitions.";
    }

    [ClusterFact]
    public async Task Metrics_WhenTheDatabaseIsAway_TellOfWhatFails()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 2, Small.Model);
        cluster.More["MetricsUrls"] = "http://127.0.0.1:0";
        // Long enough for the database to be gone before the events are committed.
        cluster.CommitSeconds = 10;
        SiloProcess silo = await cluster.AddAsync("gateway,ingest,worker");
        await cluster.ProbeAllAsync(silo);
        Scrape before = await UntilAsync(cluster, [silo], scrape => scrape.Names.Contains("foretell_partitions_unserved")
            && scrape.Sum("foretell_partitions_unserved") == 0, _ => "Its partitions are not served.");
        Assert.Equal((0, 0, 0), (before.Sum("foretell_append_failures_total"), before.Sum("foretell_commit_failures_total"),
            before.Sum("foretell_log_lost")));
        await UntilAsync(cluster, [silo], scrape => scrape.Sum("foretell_ready") == 1 && scrape.Sum("foretell_storage_size_bytes") > 1e6,
            scrape => $"Ready is {scrape.Sum("foretell_ready")}, and the database has {scrape.Sum("foretell_storage_size_bytes")} bytes.");

        await cluster.Postgres.StopAsync();
        using HttpResponseMessage append = await PostAsync(cluster, silo, """{"stream":"a","time":1}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, append.StatusCode);
        await UntilAsync(cluster, [silo], scrape => scrape.Sum("foretell_append_failures_total") == 1
            && scrape.Sum("foretell_commit_failures_total", "foretell_reason=\"unavailable\"") > 0
            && scrape.Sum("foretell_partitions_unserved") == 2 && scrape.Sum("foretell_ready") == 0 && scrape.Sum("foretell_problems") > 0,
            scrape => $"{scrape.Sum("foretell_append_failures_total")} appends and {scrape.Sum("foretell_commit_failures_total")} commits "
                + $"failed, {scrape.Sum("foretell_partitions_unserved")} partitions are not served.");

        await cluster.Postgres.StartAsync();
        await UntilAsync(cluster, [silo], scrape => scrape.Sum("foretell_partitions_unserved") == 0 && scrape.Sum("foretell_ready") == 1,
            _ => "Its partitions are not served.");
    }

    [ClusterFact]
    public async Task Metrics_WhenTheLogLosesRecords_SayThatItIsLost()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 1, Small.Model);
        cluster.More["MetricsUrls"] = "http://127.0.0.1:0";
        SiloProcess silo = await cluster.AddAsync("gateway,ingest,worker");
        await cluster.ProbeAllAsync(silo);
        await UntilAsync(cluster, [silo], scrape => scrape.Names.Contains("foretell_log_lost"), _ => "It does not tell of its log.");
        Assert.Equal(0, (await ScrapeAsync(cluster, silo)).Sum("foretell_log_lost"));

        // As after a failover to a standby that was behind.
        await using (var connection = new NpgsqlConnection(cluster.Options.ConnectionString))
        {
            await connection.OpenAsync();
            await using NpgsqlCommand command = connection.CreateCommand();
            command.CommandText = $"UPDATE {cluster.Options.Schema}.partition SET sequence = 0, events = 0; "
                + $"DELETE FROM {cluster.Options.Schema}.segment";
            await command.ExecuteNonQueryAsync();
        }

        await UntilAsync(cluster, [silo], scrape => scrape.Sum("foretell_log_lost") == 1, _ => "It does not say that its log is lost.");
    }

    [ClusterFact]
    public async Task Run_WhenMetricsCannotBeServedThere_SaysSoInOneSentence()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 1, Small.Model);
        Dictionary<string, string> settings = cluster.Settings("worker");
        settings["MetricsUrls"] = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        (int exitCode, _, string errors) = await SiloProcess.RunAsync(settings);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"foretell-silo: Foretell:MetricsUrls is '{settings["MetricsUrls"]}', and another program listens there.", errors,
            StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> PostAsync(SiloCluster cluster, SiloProcess gateway, string json) => cluster.Http.PostAsync(
        new Uri(gateway.Url, "/v1/events"), new StringContent(json, Encoding.UTF8, "application/json"));

    private static async Task<HttpStatusCode> StatusAsync(SiloCluster cluster, Uri address)
    {
        using HttpResponseMessage answer = await cluster.Http.GetAsync(address);
        return answer.StatusCode;
    }

    /// <summary>Scrapes until what the silos say together is as it should be.</summary>
    private static async Task<Scrape> UntilAsync(SiloCluster cluster, SiloProcess[] silos, Func<Scrape, bool> condition,
        Func<Scrape, string> otherwise)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            Scrape scrape = await ScrapeAsync(cluster, silos);
            if (condition(scrape))
            {
                return scrape;
            }
            Assert.False(limit.IsCancellationRequested, otherwise(scrape));
            await Task.Delay(100);
        }
    }

    private static async Task<Scrape> ScrapeAsync(SiloCluster cluster, params SiloProcess[] silos) => new(await Task.WhenAll(
        silos.Select(async silo => await cluster.Http.GetStringAsync(await silo.MetricsAsync()))));
}
