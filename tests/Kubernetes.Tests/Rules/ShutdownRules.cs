using Foretell.Rendering;
using Foretell.Silo.Settings;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>A silo that is told to stop has the time for it, and its callers have somewhere else to go.</summary>
internal static class ShutdownRules
{
    /// <summary>A silo ends 5 s after ShutdownSeconds whatever it waits for (BoundedStop), and a busy node is slow to notice.</summary>
    private const int RoomSeconds = 5 + 10;

    public static IEnumerable<string> Check(Manifests manifests) =>
        manifests.Silos.SelectMany(silo => OfSilo(manifests, silo).Select(wrong => $"{silo}: {wrong}"));

    private static IEnumerable<string> OfSilo(Manifests manifests, SiloContainer silo)
    {
        long preStop = silo.Container.Lifecycle?.PreStop?.Sleep?.Seconds ?? 0;
        long grace = silo.Workload.Pod.TerminationGracePeriodSeconds ?? 30;
        double shutdown = ShutdownSeconds(silo);
        if (grace < preStop + shutdown + RoomSeconds)
        {
            yield return $"terminationGracePeriodSeconds is {grace}; preStop {preStop}, ShutdownSeconds {shutdown} and {RoomSeconds} "
                + $"of room make {preStop + shutdown + RoomSeconds}.";
        }
        bool isServed = manifests.All<V1Service>().Any(s => s.Spec.Selector?.Count > 0 && silo.Workload.IsTakenBy(s.Spec.Selector)
            && s.Spec.ClusterIP != "None");
        if (isServed && preStop < 5)
        {
            yield return $"preStop sleeps {preStop} s; a pod behind a Service is still sent requests for some seconds after its end began.";
        }
        V1RollingUpdateDeployment? update = silo.Workload.Deployment?.Spec.Strategy?.RollingUpdate;
        (string Surge, string Unavailable) steps = ($"{update?.MaxSurge}", $"{update?.MaxUnavailable}");
        bool hasGpu = silo.Container.Resources?.Limits?.ContainsKey("nvidia.com/gpu") == true;
        (string, string) wanted = hasGpu ? ("0", "1") : ("1", "0");
        if (steps != wanted)
        {
            yield return $"a rolling update has maxSurge '{steps.Surge}' and maxUnavailable '{steps.Unavailable}', and should have "
                + $"{wanted}: {(hasGpu ? "a new pod would wait for a GPU that an old one has" : "no pod should go before another has come")}.";
        }
    }

    private static double ShutdownSeconds(SiloContainer silo)
    {
        try
        {
            return silo.Settings().ShutdownTimeout.TotalSeconds;
        }
        catch (SettingsException)
        {
            // SettingsRules says what is wrong with them; the default is what such a silo would have.
            return 25;
        }
    }
}
