using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>What a cluster tells the telemetry that it is pointed at.</summary>
public sealed class TraceTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private readonly string _postTrace = ActivityTraceId.CreateRandom().ToHexString(), _getTrace = ActivityTraceId.CreateRandom()
        .ToHexString();

    [ClusterFact]
    public async Task Telemetry_WhenACallerSamplesItsRequests_HasOneTraceFromTheRequestToTheShardsSilo()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        var launch = new SiloLaunch
        {
            Environment = { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" },
        };
        SiloProcess gateway = await cluster.AddAsync("gateway,ingest", launch);
        await cluster.AddAsync("worker", launch);
        await cluster.ProbeAllAsync(gateway);

        string events = string.Join('\n', Enumerable.Range(0, cluster.Partitions).Select(p => $$"""{"stream":"{{cluster.KeyOf(p)}}","time":2000}"""));
        using (HttpResponseMessage posted = await SendAsync(cluster, gateway, _postTrace, HttpMethod.Post, "/v1/events", events))
        {
            Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
            string position = JsonDocument.Parse(await posted.Content.ReadAsStringAsync()).RootElement.GetProperty("position").GetString()!;
            using HttpResponseMessage applied = await cluster.Http.GetAsync(new Uri(gateway.Url, $"/v1/status?after={position}"));
            Assert.Equal(HttpStatusCode.OK, applied.StatusCode);
        }
        using (HttpResponseMessage found = await SendAsync(cluster, gateway, _getTrace, HttpMethod.Get,
            $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(0))}", null))
        {
            Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        }
        // A silo sends what is left when it stops.
        await cluster.StopAllAsync();

        IReadOnlyList<OtlpSpan> spans = OtlpSpans.Read(Encoding.Latin1.GetBytes(receiver.Received("traces")));
        OtlpSpan post = Assert.Single(spans, s => s.Trace == _postTrace && s.Name == "POST /v1/events");
        OtlpSpan append = Assert.Single(spans, s => s.Parent == post.Id && s.Name == "log append");
        Assert.Equal(cluster.Partitions, spans.Count(s => s.Trace == _postTrace && s.Parent == append.Id && s.Name == "shard apply"));

        // A query's trace crosses to the shard's silo: the call there lies below the call here.
        OtlpSpan get = Assert.Single(spans, s => s.Trace == _getTrace && s.Name == "GET /v1/streams/{stream}");
        OtlpSpan call = Assert.Single(spans, s => s.Parent == get.Id);
        OtlpSpan answer = Assert.Single(spans, s => s.Parent == call.Id);
        Assert.Equal((call.Name, _getTrace), (answer.Name, answer.Trace));

        // What silos ask each other all the time begins no traces.
        Assert.DoesNotContain(spans, s => s.Parent == "" && s.Name.Contains("Grain", StringComparison.Ordinal));
        Assert.Contains("orleans-messaging", receiver.Received("metrics"), StringComparison.Ordinal);
        Assert.Contains("foretell.events.applied", receiver.Received("metrics"), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> SendAsync(SiloCluster cluster, SiloProcess gateway, string trace, HttpMethod method,
        string path, string? ndjson)
    {
        var request = new HttpRequestMessage(method, new Uri(gateway.Url, path));
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        if (ndjson is not null)
        {
            request.Content = new StringContent(ndjson, Encoding.UTF8, "application/x-ndjson");
        }
        return cluster.Http.SendAsync(request);
    }
}
