using System.Net;
using Foretell.Support;
using Foretell.Web.Observability;

namespace Foretell.Web.Tests;

public sealed class MetricsServerTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private MetricsServer _server = null!;

    public async ValueTask InitializeAsync() => _server = (await MetricsServer.OpenAsync("--metrics-urls", "http://127.0.0.1:0"))!;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_WhenEventsFlow_HavePrometheusNamesAndNoStreams()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync("""[{"stream":"secret-stream","time":1},{"stream":"secret-stream","time":2}]""");
        await api.GetAsync($"/v1/status?after={position}");
        await api.GetAsync("/v1/streams/secret-stream");
        // Metrics of a request are recorded once its answer is out.
        string metrics = "";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!metrics.Contains("""http_route="/v1/streams/{stream}""", StringComparison.Ordinal))
        {
            metrics = await _http.GetStringAsync($"{_server.Addresses.Single()}/metrics", limit.Token);
        }

        Assert.Matches("""(?m)^foretell_events_accepted_total(\{\})? [1-9]""", metrics);
        Assert.Matches("""(?m)^foretell_lag_events(\{\})? \d""", metrics);
        Assert.Matches("""(?m)^foretell_events_applied_total\{foretell_partition="\d"\} """, metrics);
        Assert.Matches("""(?m)^foretell_append_failures_total(\{\})? """, metrics);
        Assert.Matches("(?m)^target_info\\{[^}]*service_name=\"foretell\"", metrics);
        Assert.DoesNotContain("secret-stream", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_WhenTheyAreDurations_HaveBucketsBelowASecond()
    {
        await using var api = await ApiHost.StartAsync();
        await api.SendEventsAsync("""[{"stream":"a","time":1}]""");

        string metrics = await _http.GetStringAsync($"{_server.Addresses.Single()}/metrics");

        Assert.Matches("""(?m)^foretell_append_duration_seconds_bucket\{le="0\.001"\} """, metrics);
    }

    [Fact]
    public async Task Help_WhenAGaugeIsOfTheWholeCluster_SaysThatItMustNotBeSummed()
    {
        await using var api = await ApiHost.StartAsync();
        await api.SendEventsAsync("""[{"stream":"a","time":1}]""");

        string metrics = await _http.GetStringAsync($"{_server.Addresses.Single()}/metrics");

        Assert.All((string[])["streams", "lag_events", "lag_time_seconds", "partitions_unserved", "problems", "log_lost"], name =>
            Assert.Matches($"(?m)^# HELP foretell_{name} .*take the maximum, never the sum", metrics));
        Assert.DoesNotMatch("(?m)^# HELP foretell_events_accepted_total .*never the sum", metrics);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/status")]
    [InlineData("/health/live")]
    public async Task Server_WhenAskedForAnythingElse_HasNothing(string path)
    {
        using HttpResponseMessage answer = await _http.GetAsync(_server.Addresses.Single() + path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Api_WhenAskedForMetrics_HasNone()
    {
        await using var api = await ApiHost.StartAsync();

        (await api.GetAsync("/metrics")).AssertProblem(404, "unknown-address");
    }
}
