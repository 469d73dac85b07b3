using System.Net;
using Foretell.Silo.Settings;
using Microsoft.Extensions.Configuration;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>What must hold of compose.yaml and the files beside it, and what a schema cannot say.</summary>
internal static class ComposeRules
{
    private static readonly Dictionary<string, string> s_nobody = [];

    /// <summary>One sentence for each thing that is wrong; none when all is well.</summary>
    public static IReadOnlyList<string> Check(ComposeFile file) =>
    [
        .. OfServices(file),
        .. file.Silos.SelectMany(silo => OfSilo(file, silo)),
        .. OfAddresses(file),
        .. MonitoringRules.Check(file),
        .. EventHubsRules.Check(file),
    ];

    /// <summary>The settings that a silo reads where whoever starts has set these variables.</summary>
    /// <exception cref="SettingsException">They are ones that a silo refuses.</exception>
    public static SiloSettings Settings(ComposeService silo, IReadOnlyDictionary<string, string> starter) =>
        SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(silo.Environment(starter)
            .Where(e => e.Key.StartsWith("FORETELL__", StringComparison.Ordinal))
            .Select(e => KeyValuePair.Create(e.Key.Replace("__", ":", StringComparison.Ordinal), (string?)e.Value))).Build());

    private static IEnumerable<string> OfServices(ComposeFile file)
    {
        foreach (ComposeService service in file.Services.Values)
        {
            foreach (string needed in service.Needs)
            {
                if (!file.Services.TryGetValue(needed, out ComposeService? other))
                {
                    yield return $"Service {service.Name} depends on {needed}, which is not there.";
                }
                else if (other.Profiles.Except(service.Profiles).Any())
                {
                    yield return $"Service {service.Name} depends on {needed}, which starts with a profile only.";
                }
            }
            foreach (string from in service.Volumes.Select(v => v.Split(':')[0]).Where(v => v.StartsWith("./", StringComparison.Ordinal)))
            {
                if (file.Read(from[2..]) is null)
                {
                    yield return $"Service {service.Name} mounts {from}, which is not there: a folder would be made in its place.";
                }
            }
            foreach (string port in service.Ports.Where(p => !p.StartsWith("127.0.0.1:", StringComparison.Ordinal)))
            {
                yield return $"Service {service.Name} publishes {port} to everybody; begin it with 127.0.0.1.";
            }
            if (service.Image.EndsWith(":latest", StringComparison.Ordinal) || !service.Image.Split('/')[^1].Contains(':'))
            {
                yield return $"Service {service.Name} runs {service.Image}, whatever that is by then.";
            }
        }
        foreach (IGrouping<string, string> twice in file.Services.Values.SelectMany(s => s.Ports)
            .GroupBy(p => p[..p.LastIndexOf(':')]).Where(g => g.Count() > 1))
        {
            yield return $"{twice.Count()} services are published at {twice.Key}.";
        }
    }

    private static List<string> OfSilo(ComposeFile file, ComposeService silo)
    {
        try
        {
            SiloSettings settings = Settings(silo, s_nobody);
            List<string> wrong = [];
            if (!Equals(settings.Address, silo.Address))
            {
                wrong.Add($"Service {silo.Name} has address {silo.Address}, and tells the others {settings.Address}.");
            }
            if (!silo.Volumes.Any(v => v.Split(':')[1] == settings.Model))
            {
                wrong.Add($"Service {silo.Name} reads its model at {settings.Model}, where nothing is mounted.");
            }
            string inside = new Uri(settings.Urls.Replace('*', 'x')).Port.ToString();
            wrong.AddRange(silo.Ports.Where(p => p.Split(':')[^1] != inside)
                .Select(p => $"Service {silo.Name} publishes port {p.Split(':')[^1]}, and listens on {inside}."));
            if (settings.EventHubs.Count > 0 || silo.Environment(s_nobody).ContainsKey("OTEL_EXPORTER_OTLP_ENDPOINT"))
            {
                wrong.Add($"Service {silo.Name} speaks to what a profile brings, also where nobody asked for the profile.");
            }
            return wrong;
        }
        catch (SettingsException e)
        {
            return [$"Service {silo.Name}: the silo would refuse its settings: {e.Message}"];
        }
    }

    private static IEnumerable<string> OfAddresses(ComposeFile file)
    {
        IPAddress?[] addresses = [.. file.Silos.Select(s => s.Address)];
        if (addresses.Length < 3 || addresses.Distinct().Count() < addresses.Length)
        {
            yield return $"There are {addresses.Length} silos at {string.Join(", ", addresses.Distinct())}; three at addresses of their own make a cluster.";
        }
    }
}
