using System.Net;
using System.Text;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>Probes speak of the process that answers: what becomes of others takes no gateway out.</summary>
public sealed class HealthTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [ClusterFact]
    public async Task Gateway_WithoutAnyWorker_IsReadyAndTakesAppends()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model, "gateway,ingest");
        SiloProcess gateway = cluster.Silos[0];

        Assert.Equal(HttpStatusCode.OK, await GetAsync(cluster, gateway, "/health/startup"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(cluster, gateway, "/health/ready"));
        Assert.Equal(HttpStatusCode.Accepted, await AppendAsync(cluster, gateway));
        // People are told that nobody serves the partitions.
        await UntilAsync(cluster, gateway, "/health/cluster", HttpStatusCode.ServiceUnavailable);

        await cluster.AddAsync("worker");
        await UntilAsync(cluster, gateway, "/health/cluster", HttpStatusCode.OK);
    }

    [ClusterFact]
    public async Task Gateway_WhenAWorkerIsKilled_StaysReadyAndTakesAppends()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, "gateway,ingest", "worker", "worker");
        SiloProcess gateway = cluster.Silos[0], victim = cluster.Silos[1];
        await cluster.ProbeAllAsync(gateway);
        // A worker without partitions would be missed by nobody.
        await cluster.SharedAsync(s_limit);
        await UntilAsync(cluster, victim, "/health/ready", HttpStatusCode.OK);

        await victim.KillAsync();
        Task<TimeSpan> served = cluster.ServedAsync(gateway, s_limit);
        int asked = 0;
        do
        {
            Assert.Equal(HttpStatusCode.OK, await GetAsync(cluster, gateway, "/health/startup"));
            Assert.Equal(HttpStatusCode.OK, await GetAsync(cluster, gateway, "/health/ready"));
            Assert.Equal(HttpStatusCode.Accepted, await AppendAsync(cluster, gateway));
            asked++;
            await Task.Delay(50);
        }
        while (!served.IsCompleted);
        await served;
        Assert.True(asked > 10, $"Asked {asked} times.");
    }

    [ClusterFact]
    public async Task Silos_WhenTheDatabaseIsAway_AreLiveAndNotReady()
    {
        // A server of its own: others must not lose theirs.
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 2, Small.Model, "gateway", "ingest", "worker");
        await cluster.ProbeAllAsync(cluster.Silos[0]);
        foreach (SiloProcess silo in cluster.Silos)
        {
            await UntilAsync(cluster, silo, "/health/ready", HttpStatusCode.OK);
        }

        await cluster.Postgres.StopAsync();
        foreach (SiloProcess silo in cluster.Silos)
        {
            await UntilAsync(cluster, silo, "/health/ready", HttpStatusCode.ServiceUnavailable);
            Assert.Equal(HttpStatusCode.OK, await GetAsync(cluster, silo, "/health/live"));
        }

        await cluster.Postgres.StartAsync();
        foreach (SiloProcess silo in cluster.Silos)
        {
            await UntilAsync(cluster, silo, "/health/ready", HttpStatusCode.OK);
        }
    }

    private static async Task<HttpStatusCode> GetAsync(SiloCluster cluster, SiloProcess silo, string path)
    {
        using HttpResponseMessage answer = await cluster.Http.GetAsync(new Uri(silo.Url, path));
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> AppendAsync(SiloCluster cluster, SiloProcess gateway)
    {
        using HttpResponseMessage answer = await cluster.Http.PostAsync(new Uri(gateway.Url, "/v1/events"),
            new StringContent("""{"stream":"a","time":1}""", Encoding.UTF8, "application/json"));
        return answer.StatusCode;
    }

    private static async Task UntilAsync(SiloCluster cluster, SiloProcess silo, string path, HttpStatusCode wanted)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            using HttpResponseMessage answer = await cluster.Http.GetAsync(new Uri(silo.Url, path), limit.Token);
            if (answer.StatusCode == wanted)
            {
                return;
            }
            Assert.False(limit.IsCancellationRequested, $"{path}: {await answer.Content.ReadAsStringAsync()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
