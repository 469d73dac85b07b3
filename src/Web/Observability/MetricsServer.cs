using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Foretell.Web.Observability;

/// <summary>This process's metrics for Prometheus: <c>GET /metrics</c>, on addresses of its own where nothing else is served.</summary>
/// <remarks>
/// A web server apart from the API's, so that whoever may scrape may do nothing else, and so that it answers while the rest still starts.
/// Names follow OpenTelemetry's rules for Prometheus: dots become underscores, units and <c>_total</c> are put behind.
/// Source: OpenTelemetry specification, Prometheus and OpenMetrics compatibility.
/// </remarks>
public sealed class MetricsServer : IAsyncDisposable
{
    /// <summary>Path of the metrics.</summary>
    public const string Path = "/metrics";

    private readonly SideServer _server;
    private readonly MeterProvider _meters;

    private MetricsServer(SideServer server, MeterProvider meters) => (_server, _meters) = (server, meters);

    /// <summary>Addresses that it listens on, with the ports that were taken for 0.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>Where the metrics are, address by address.</summary>
    public IReadOnlyList<string> Endpoints => [.. Addresses.Select(address => address + Path)];

    /// <summary>Begins to measure and to listen, where that is wanted.</summary>
    /// <param name="setting">Name of the setting or option that has the addresses, for the sentence that says what is wrong with them.</param>
    /// <param name="urls">Addresses such as http://0.0.0.0:9464, separated by ";"; null for none.</param>
    /// <returns>Null where there is nowhere to listen.</returns>
    /// <exception cref="IOException">It cannot listen there; says why in one sentence.</exception>
    public static async Task<MetricsServer?> OpenAsync(string setting, string? urls)
    {
        if (urls is null)
        {
            return null;
        }
        ListenCheck.Run(setting, urls);
        return await StartAsync(urls);
    }

    /// <summary>Stops to listen and to measure.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _meters.Dispose();
    }

    private static async Task<MetricsServer> StartAsync(string urls)
    {
        MeterProvider meters = TelemetryExport.AddMeters(Sdk.CreateMeterProviderBuilder())
            .ConfigureResource(TelemetryExport.Describe)
            // A label on every series that names its meter would say nothing that the metric's own name does not.
            .AddPrometheusExporter(o => o.ScopeInfoEnabled = false)
            .Build();
        try
        {
            return new MetricsServer(await SideServer.StartAsync(urls, _ => { },
                app => app.UseOpenTelemetryPrometheusScrapingEndpoint(meters, null, Path, null, null)), meters);
        }
        catch
        {
            meters.Dispose();
            throw;
        }
    }
}
