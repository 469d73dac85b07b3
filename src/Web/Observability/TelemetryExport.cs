using Foretell.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Foretell.Web.Observability;

/// <summary>Sends metrics, traces and logs over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; costs nothing when it is not.</summary>
/// <remarks>
/// Protocol, headers, intervals and resource attributes follow OpenTelemetry's own variables
/// (OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_METRIC_EXPORT_INTERVAL, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME).
/// Source: OpenTelemetry specification, environment variables and OTLP exporter.
/// </remarks>
internal static class TelemetryExport
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // Beside ASP.NET Core's own: requests, connections, with routes as dimensions and never paths. Those of Orleans exist in a silo only.
    private static readonly string[] s_meters = [Telemetry.Name, "Microsoft.Orleans", "System.Runtime"];

    // Calls between grains; not Orleans' own housekeeping (Microsoft.Orleans.Runtime), whose timers and look-ups each begin a trace.
    private static readonly string[] s_sources = [Telemetry.Name, "Microsoft.Orleans.Application"];

    public static void Add(WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[EndpointVariable]))
        {
            return;
        }
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(Describe)
            .WithMetrics(metrics => AddMeters(metrics))
            .WithTracing(traces => traces.AddSource(s_sources).AddAspNetCoreInstrumentation())
            .WithLogging()
            .UseOtlpExporter();
    }

    /// <summary>What this process measures, whoever asks for it.</summary>
    public static MeterProviderBuilder AddMeters(MeterProviderBuilder metrics) =>
        metrics.AddMeter(s_meters).AddAspNetCoreInstrumentation();

    /// <summary>Who sends: "foretell", unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say otherwise.</summary>
    public static void Describe(ResourceBuilder resource) => resource.Clear()
        .AddService("foretell", serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3))
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();
}
