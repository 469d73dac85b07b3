using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Foretell.Web;

/// <summary>Sends metrics, traces and logs over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; costs nothing when it is not.</summary>
/// <remarks>
/// Protocol, headers, intervals and resource attributes follow OpenTelemetry's own variables
/// (OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_METRIC_EXPORT_INTERVAL, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME).
/// Source: OpenTelemetry specification, environment variables and OTLP exporter.
/// </remarks>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // The instruments of ASP.NET Core itself: requests, connections; routes as dimensions, never paths. Those of Orleans exist in a silo only.
    private static readonly string[] _meters =
        [Streams.Telemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.Orleans", "System.Runtime"];

    // Calls between grains; not Orleans' own housekeeping (Microsoft.Orleans.Runtime), whose timers and look-ups each begin a trace.
    private static readonly string[] _sources = [Streams.Telemetry.Name, "Microsoft.AspNetCore", "Microsoft.Orleans.Application"];

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    private TelemetryExport(IConfiguration configuration)
    {
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Resource(configuration))
            .AddMeter(_meters)
            .AddOtlpExporter()
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Resource(configuration))
            .AddSource(_sources)
            .AddOtlpExporter()
            .Build();
    }

    public static void Add(WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[EndpointVariable]))
        {
            return;
        }
        // ASP.NET Core 10 leaves the standard tags (http.route, http.response.status_code) off its spans unless told so.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        builder.Logging.AddOpenTelemetry(logs => logs
            .SetResourceBuilder(Resource(builder.Configuration))
            .AddOtlpExporter());
        builder.Services.AddHostedService(_ => new TelemetryExport(builder.Configuration));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Flushes what has not been sent.</summary>
    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    /// <summary>Who sends: "foretell", unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say otherwise.</summary>
    private static ResourceBuilder Resource(IConfiguration configuration) =>
        ResourceBuilder.CreateEmpty()
            .AddService("foretell", serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3))
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
}
