using Foretell.Silo.Settings;
using YamlDotNet.RepresentationModel;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>Profile "monitoring": what is scraped, shown and collected is what the silos offer.</summary>
internal static class MonitoringRules
{
    public const string Prometheus = "compose/prometheus.yaml", Collector = "compose/otel-collector.yaml",
        Grafana = "compose/grafana/datasources.yaml", Variables = "compose/monitoring.env";

    /// <summary>One sentence for each thing that is wrong.</summary>
    public static IEnumerable<string> Check(ComposeFile file)
    {
        string[] wanted = [.. file.Silos.Select(silo => $"{silo.Name}:{MetricsPort(silo)}")];
        string[] scraped = [.. Scalars(file.Document(Prometheus), "targets")];
        if (!wanted.SequenceEqual(scraped))
        {
            yield return $"{Prometheus} scrapes {string.Join(", ", scraped)}, and the silos tell their metrics at {string.Join(", ", wanted)}.";
        }
        if (!Scalars(file.Document(Prometheus), "job_name").Contains("foretell"))
        {
            yield return $"{Prometheus} has no job 'foretell', which the rules and the dashboard ask for.";
        }
        foreach (string? url in Scalars(file.Document(Grafana), "url"))
        {
            if (!IsListening(file, url, 9090))
            {
                yield return $"{Grafana} asks {url}, where no service of profile monitoring listens.";
            }
        }
        string? endpoint = file.Variables(Variables).GetValueOrDefault("OTEL_EXPORTER_OTLP_ENDPOINT");
        string? received = Scalars(file.Document(Collector), "endpoint").SingleOrDefault();
        if (endpoint is null || received is null || !IsListening(file, endpoint, int.Parse(received.Split(':')[^1])))
        {
            yield return $"{Variables} sends the silos' telemetry to '{endpoint}', and the collector takes it at {received}.";
        }
        foreach (ComposeService silo in file.Silos.Where(s => endpoint is not null
            && s.Environment(file.Variables(Variables)).GetValueOrDefault("OTEL_EXPORTER_OTLP_ENDPOINT") != endpoint))
        {
            yield return $"Service {silo.Name} does not take OTEL_EXPORTER_OTLP_ENDPOINT from {Variables}.";
        }
    }

    private static bool IsListening(ComposeFile file, string address, int port) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri)
        && uri.Port == port && file.Services.TryGetValue(uri.Host, out ComposeService? service) && service.Profiles.Contains("monitoring");

    private static int? MetricsPort(ComposeService silo)
    {
        try
        {
            return ComposeRules.Settings(silo, new Dictionary<string, string>()).MetricsUrls is { } urls
                ? new Uri(urls.Replace('*', 'x')).Port : null;
        }
        catch (SettingsException)
        {
            return null; // ComposeRules says what is wrong with them.
        }
    }

    /// <summary>Values of every field of a name, wherever it stands; of a list, its items.</summary>
    internal static IEnumerable<string> Scalars(YamlNode document, string name) => document.AllNodes.OfType<YamlMappingNode>()
        .SelectMany(map => map.Children).Where(child => child.Key is YamlScalarNode { Value: { } key } && key == name)
        .SelectMany(child => child.Value is YamlSequenceNode items ? items.Children : [child.Value])
        .OfType<YamlScalarNode>().Select(value => value.Value!);
}
