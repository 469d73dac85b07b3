using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
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

    private readonly WebApplication _app;
    private readonly MeterProvider _meters;

    private MetricsServer(WebApplication app, MeterProvider meters) => (_app, _meters) = (app, meters);

    /// <summary>Addresses that it listens on, with the ports that were taken for 0.</summary>
    public IReadOnlyList<string> Addresses => [.. _app.Urls.Select(url => url.TrimEnd('/'))];

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
        return await StartAsync(urls.Split(';'));
    }

    /// <summary>Begins to measure and to listen.</summary>
    /// <param name="urls">Addresses such as http://0.0.0.0:9464.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<MetricsServer> StartAsync(IReadOnlyList<string> urls)
    {
        MeterProvider meters = TelemetryExport.AddMeters(Sdk.CreateMeterProviderBuilder())
            .ConfigureResource(TelemetryExport.Describe)
            // A label on every series that names its meter would say nothing that the metric's own name does not.
            .AddPrometheusExporter(o => o.ScopeInfoEnabled = false)
            .Build();
        // The environment and the settings files are for the API's server: nothing of them may open another port here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls([.. urls]);
        WebApplication app = builder.Build();
        app.Use((context, next) =>
        {
            // A scrape is no request to the API, and is not measured as one.
            context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
            return next(context);
        });
        app.UseOpenTelemetryPrometheusScrapingEndpoint(meters, null, Path, null, null);
        var server = new MetricsServer(app, meters);
        try
        {
            await app.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops to listen and to measure.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _meters.Dispose();
    }
}
