using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>Whoever names a port names one that is there.</summary>
internal static class PortRules
{
    public static IEnumerable<string> Check(Manifests manifests) =>
        [.. OfProbes(manifests), .. OfServices(manifests), .. OfPolicies(manifests), .. OfIngresses(manifests)];

    private static IEnumerable<string> OfProbes(Manifests manifests) =>
        from workload in manifests.Workloads
        from container in workload.Containers
        from probe in new[]
        {
            ("startup", container.StartupProbe), ("readiness", container.ReadinessProbe), ("liveness", container.LivenessProbe),
        }
        let port = probe.Item2?.HttpGet?.Port ?? probe.Item2?.TcpSocket?.Port
        where port is not null && !Runs.Ports(container).Contains(Text(port))
        select $"{workload}, container {container.Name}: the {probe.Item1} probe asks port '{Text(port)}', which is none of its ports "
            + $"({string.Join(", ", Runs.Ports(container))}).";

    private static IEnumerable<string> OfServices(Manifests manifests) =>
        from service in manifests.All<V1Service>()
        from port in service.Spec.Ports ?? []
        let target = port.TargetPort is null ? $"{port.Port}" : Text(port.TargetPort)
        from workload in manifests.Workloads.Where(w => w.IsTakenBy(service.Spec.Selector))
        where !workload.HasPort(target)
        select $"Service {service.Metadata.Name}: port {port.Name} leads to port '{target}', which {workload} does not have.";

    private static IEnumerable<string> OfPolicies(Manifests manifests) =>
        from policy in manifests.All<V1NetworkPolicy>()
        from rule in policy.Spec.Ingress ?? []
        from port in rule.Ports ?? []
        from workload in manifests.Workloads.Where(w => w.IsTakenBy(policy.Spec.PodSelector.MatchLabels))
        where port.Port is not null && !workload.HasPort(Text(port.Port))
        select $"NetworkPolicy {policy.Metadata.Name} opens port '{Text(port.Port)}', which {workload} does not have.";

    private static IEnumerable<string> OfIngresses(Manifests manifests) =>
        from ingress in manifests.All<V1Ingress>()
        from rule in ingress.Spec.Rules ?? []
        from path in rule.Http?.Paths ?? []
        let backend = path.Backend.Service
        where !manifests.All<V1Service>().Any(s => s.Metadata.Name == backend.Name
            && s.Spec.Ports.Any(p => p.Name == backend.Port.Name || p.Port == backend.Port.Number))
        select $"Ingress {ingress.Metadata.Name} leads to Service {backend.Name}, port {backend.Port.Name}{backend.Port.Number}, "
            + "which is not there.";

    private static string Text(IntOrString port) => port.ToString()!;
}
