using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>Each silo is asked the three questions that it has answers to, with patience for its start.</summary>
internal static class ProbeRules
{
    /// <summary>Orleans gives a joining silo up to five minutes.</summary>
    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(5);

    public static IEnumerable<string> Check(Manifests manifests) =>
        manifests.Silos.SelectMany(silo => OfSilo(silo.Container).Select(wrong => $"{silo}: {wrong}"));

    private static IEnumerable<string> OfSilo(V1Container container)
    {
        (string Name, V1Probe? Probe, string Path)[] probes =
        [
            ("startup", container.StartupProbe, "/health/startup"),
            ("readiness", container.ReadinessProbe, "/health/ready"),
            ("liveness", container.LivenessProbe, "/health/live"),
        ];
        foreach ((string name, V1Probe? probe, string path) in probes)
        {
            if (probe?.HttpGet?.Path != path)
            {
                yield return $"the {name} probe asks '{probe?.HttpGet?.Path}', and should ask {path}.";
            }
        }
        if (container.StartupProbe is { } start
            && TimeSpan.FromSeconds((start.PeriodSeconds ?? 10) * (start.FailureThreshold ?? 3)) is var patience && patience < s_start)
        {
            yield return $"the startup probe gives up after {patience.TotalSeconds} s; a silo may take {s_start.TotalSeconds} s to join.";
        }
    }
}
