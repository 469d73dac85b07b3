using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>What callers are told while the database is away.</summary>
public sealed class DatabaseAwayTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    [ClusterFact]
    public async Task Answers_WhenTheDatabaseIsAway_SaySoUntilItIsBack()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 2, Small.Model, "gateway,ingest,worker");
        SiloProcess silo = cluster.Silos[0];
        await cluster.ProbeAllAsync(silo);
        string stream = $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(0))}";

        await cluster.Postgres.StopAsync();
        // The owner answers on its lease for a while.
        using HttpResponseMessage question = await UntilAsync(cluster, silo, stream, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(question.Headers.RetryAfter);
        using HttpResponseMessage ready = await UntilAsync(cluster, silo, "/health/ready", HttpStatusCode.ServiceUnavailable);
        string? detail = (await ready.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString();
        Assert.Contains("cannot", detail, StringComparison.Ordinal);
        using HttpResponseMessage append = await cluster.Http.PostAsync(new Uri(silo.Url, "/v1/events"),
            new StringContent("""{"stream":"a","time":1}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, append.StatusCode);
        Assert.NotNull(append.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await cluster.Http.GetAsync(new Uri(silo.Url, "/health/live"))).StatusCode);

        await cluster.Postgres.StartAsync();
        (await UntilAsync(cluster, silo, stream, HttpStatusCode.OK)).Dispose();
        (await UntilAsync(cluster, silo, "/health/ready", HttpStatusCode.OK)).Dispose();
        await cluster.AssertEqualsReferenceAsync(cluster.Partitions);
    }

    private static async Task<HttpResponseMessage> UntilAsync(SiloCluster cluster, SiloProcess silo, string path, HttpStatusCode wanted)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            HttpResponseMessage answer = await cluster.Http.GetAsync(new Uri(silo.Url, path), limit.Token);
            if (answer.StatusCode == wanted)
            {
                return answer;
            }
            answer.Dispose();
            await Task.Delay(100, limit.Token);
        }
    }
}
