using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>A gateway that stops breaks no connection on which a request may be on its way.</summary>
public sealed class GatewayDrainTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private const int Clients = 8;

    [ClusterFact]
    public async Task Stop_WhenClientsKeepTheirConnections_AnswersEachRequestThatWasSent()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model, "gateway,ingest,worker");
        SiloProcess gateway = cluster.Silos[0];
        var broken = new ConcurrentQueue<string>();
        var answers = new int[Clients];
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => SendAsync(client)))];
        await Until.TrueAsync(() => answers.All(a => a > 10), TimeSpan.FromSeconds(60));

        Assert.Equal(0, await gateway.StopAsync());
        await Task.WhenAll(clients);

        Assert.Empty(broken);

        // Without a pause, so that there is always a request on its way, and one with a body, which HTTP clients do not repeat.
        async Task SendAsync(int client)
        {
            using var http = new HttpClient();
            try
            {
                bool last = false;
                while (!last)
                {
                    using HttpResponseMessage answer = await http.PostAsync(new Uri(gateway.Url, "/v1/events"),
                        new StringContent($$"""{"stream":"{{client}}","time":1}""", Encoding.UTF8, "application/json"));
                    Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
                    // The next request would need a new connection, which a load balancer does not make to a gateway that ends.
                    last = answer.Headers.ConnectionClose == true;
                    answers[client]++;
                }
            }
            catch (HttpRequestException e)
            {
                broken.Enqueue($"{e.HttpRequestError}: {e.Message}");
            }
        }
    }
}
