using Foretell.Support;

namespace Foretell.Web.Tests;

public class TelemetryExportTests
{
    [Fact]
    public async Task TelemetryExport_WhenAnEndpointIsSet_SendsMetricsTracesAndLogs()
    {
        await using var receiver = await OtlpReceiver.StartAsync();

        // Stopping the host flushes, so all has arrived once it is disposed.
        await using (var api = await ApiHost.StartAsync(settings: Settings(receiver),
            wrap: platform => new FaultyPlatform(platform) { OnFind = () => throw new InvalidOperationException("broken on purpose") }))
        {
            string position = await api.SendEventsAsync("""[{"stream":"secret-stream","time":1},{"stream":"secret-stream","time":2}]""");
            await api.GetAsync($"/v1/status?after={position}");
            (await api.GetAsync("/v1/streams/secret-stream")).AssertProblem(500, "internal-error");
        }

        string metrics = receiver.Received("metrics");
        Assert.Contains("foretell.events.accepted", metrics, StringComparison.Ordinal);
        Assert.Contains("foretell.events.applied", metrics, StringComparison.Ordinal);
        Assert.Contains("http.server.request.duration", metrics, StringComparison.Ordinal);
        Assert.Contains("/v1/streams/{stream}", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-stream", metrics, StringComparison.Ordinal);

        string traces = receiver.Received("traces");
        Assert.Contains("log append", traces, StringComparison.Ordinal);
        Assert.Contains("POST /v1/events", traces, StringComparison.Ordinal);
        Assert.Contains("GET /v1/streams/{stream}", traces, StringComparison.Ordinal);
        Assert.Contains("http.response.status_code", traces, StringComparison.Ordinal);

        Assert.Contains("broken on purpose", receiver.Received("logs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TelemetryExport_WhenNothingNamesTheService_CallsItForetell()
    {
        await using var receiver = await OtlpReceiver.StartAsync();

        await using (var api = await ApiHost.StartAsync(settings: Settings(receiver)))
        {
            await api.GetAsync("/v1/status");
        }

        Assert.Matches("service\\.name[^a-z]+foretell", receiver.Received("metrics"));
        Assert.Matches("service\\.name[^a-z]+foretell", receiver.Received("traces"));
    }

    [Fact]
    public async Task TelemetryExport_WhenResourceAttributesAreSet_SendsThem()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var settings = Settings(receiver);
        settings["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=forecasts-eu,deployment.environment.name=staging";

        await using (var api = await ApiHost.StartAsync(settings: settings))
        {
            await api.GetAsync("/v1/status");
        }

        foreach (string signal in (string[])["metrics", "traces"])
        {
            Assert.Matches("service\\.name[^a-z]+forecasts-eu", receiver.Received(signal));
            Assert.Contains("staging", receiver.Received(signal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TelemetryExport_WhenEventsAreRefused_CountsThemByReason()
    {
        await using var receiver = await OtlpReceiver.StartAsync();

        await using (var api = await ApiHost.StartAsync(settings: Settings(receiver)))
        {
            await api.PostAsync("/v1/events", "application/json", """[{"stream":"","time":1}]""");
        }

        Assert.Matches("foretell\\.events\\.rejected[\\s\\S]*reason[^a-z]+invalid", receiver.Received("metrics"));
    }

    private static Dictionary<string, string?> Settings(OtlpReceiver receiver) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };
}
