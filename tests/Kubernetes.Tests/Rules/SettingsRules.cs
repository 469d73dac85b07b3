using System.Globalization;
using Foretell.Rendering;
using Foretell.Silo.Settings;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>The silos' environment is one that the silo's own code accepts, and all roles are there.</summary>
internal static class SettingsRules
{
    private const string HeapPercent = "DOTNET_GCHeapHardLimitPercent";

    public static IEnumerable<string> Check(Manifests manifests)
    {
        var roles = new HashSet<string>();
        var clusters = new HashSet<string>();
        foreach (SiloContainer silo in manifests.Silos)
        {
            string? refused = null;
            try
            {
                SiloSettings settings = silo.Settings();
                roles.UnionWith(settings.Roles);
                clusters.Add($"{settings.Cluster}, {settings.Partitions} partitions");
            }
            catch (SettingsException e)
            {
                refused = e.Message;
            }
            if (refused is not null)
            {
                yield return $"{silo}: the silo would refuse its settings: {refused}";
            }
            foreach (string wrong in OfEnvironment(silo))
            {
                yield return $"{silo}: {wrong}";
            }
        }
        foreach (string role in new[] { "gateway", "ingest", "worker" }.Where(r => !roles.Contains(r)))
        {
            yield return $"No silo has the role {role}.";
        }
        if (clusters.Count > 1)
        {
            yield return $"The silos are not of one cluster: {string.Join("; ", clusters)}.";
        }
    }

    private static IEnumerable<string> OfEnvironment(SiloContainer silo)
    {
        IReadOnlyDictionary<string, string> environment = silo.Environment();
        foreach (string name in environment.Keys.Where(n => n.StartsWith("FORETELL", StringComparison.OrdinalIgnoreCase)
            && !n.StartsWith("FORETELL__", StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"{name} is no setting of a silo, and would be ignored in silence: settings begin with FORETELL__.";
        }
        if (silo.Container.Env?.FirstOrDefault(e => e.Name == "FORETELL__ADDRESS")?.ValueFrom?.FieldRef?.FieldPath != "status.podIP")
        {
            yield return "FORETELL__ADDRESS must be the pod's own: valueFrom.fieldRef.fieldPath status.podIP.";
        }
        // The runtime reads it as a hexadecimal number: 75 would be 117 %.
        if (!environment.TryGetValue(HeapPercent, out string? text)
            || !int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int percent)
            || percent is < 20 or > 80)
        {
            yield return $"{HeapPercent} is '{text}'. Give 20 to 80 % as a hexadecimal number, 14 to 50.";
        }
        string? component = silo.Workload.Template.Metadata.Labels?["app.kubernetes.io/component"];
        if (environment.GetValueOrDefault("FORETELL__ROLES") is var role && role != component)
        {
            yield return $"its pods are labelled {component}, and its role is {role}.";
        }
    }
}
