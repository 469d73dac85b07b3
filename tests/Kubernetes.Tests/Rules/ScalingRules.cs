using Foretell.Rendering;
using Foretell.Silo.Settings;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>No more silos than partitions where that is the bound, and no hurry to take some away.</summary>
internal static class ScalingRules
{
    private const int CalmSeconds = 600;

    public static IEnumerable<string> Check(Manifests manifests) =>
        [.. manifests.All<V2HorizontalPodAutoscaler>().SelectMany(scaler => OfScaler(manifests, scaler)), .. OfBudgets(manifests),
            .. manifests.Silos.Where(silo => silo.Workload.Deployment?.Spec.Replicas > MostOf(silo))
                .Select(silo => $"{silo.Workload} has {silo.Workload.Deployment!.Spec.Replicas} silos for {MostOf(silo)} partitions.")];

    private static IEnumerable<string> OfScaler(Manifests manifests, V2HorizontalPodAutoscaler scaler)
    {
        string who = $"HorizontalPodAutoscaler {scaler.Metadata.Name}";
        SiloContainer? silo = manifests.Silos.FirstOrDefault(s => s.Workload.Name == scaler.Spec.ScaleTargetRef.Name
            && s.Workload.Kind == scaler.Spec.ScaleTargetRef.Kind);
        if (silo is null)
        {
            yield return $"{who} scales {scaler.Spec.ScaleTargetRef.Kind} {scaler.Spec.ScaleTargetRef.Name}, which is not there.";
            yield break;
        }
        if (scaler.Spec.MaxReplicas > MostOf(silo))
        {
            yield return $"{who} goes up to {scaler.Spec.MaxReplicas}, and there are {MostOf(silo)} partitions: more would have nothing to do.";
        }
        if (silo.Workload.Deployment?.Spec.Replicas is { } fixedCount)
        {
            yield return $"{who} scales {silo.Workload}, which each 'apply' would put back to {fixedCount}.";
        }
        if ((scaler.Spec.Behavior?.ScaleDown?.StabilizationWindowSeconds ?? 300) < CalmSeconds
            || scaler.Spec.Behavior?.ScaleDown?.Policies?.Count is null or 0)
        {
            yield return $"{who} takes pods away in a hurry: give scaleDown a policy and a window of {CalmSeconds} s or more.";
        }
    }

    private static IEnumerable<string> OfBudgets(Manifests manifests) => manifests.All<V1PodDisruptionBudget>()
        .Where(b => b.Spec.UnhealthyPodEvictionPolicy != "AlwaysAllow" || b.Spec.MaxUnavailable?.ToString() != "1")
        .Select(b => $"PodDisruptionBudget {b.Metadata.Name} needs maxUnavailable 1 and unhealthyPodEvictionPolicy AlwaysAllow.");

    /// <summary>How many silos of this kind can have something to do.</summary>
    private static int MostOf(SiloContainer silo)
    {
        try
        {
            SiloSettings settings = silo.Settings();
            return settings.Roles.Contains("gateway") ? int.MaxValue : settings.Partitions ?? 8;
        }
        catch (SettingsException)
        {
            return int.MaxValue; // SettingsRules says what is wrong.
        }
    }
}
