using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>Memory is limited to what was asked for; processors are asked for and not limited.</summary>
internal static class ResourceRules
{
    public static IEnumerable<string> Check(Manifests manifests) =>
        from workload in manifests.Workloads
        from container in workload.Containers
        from wrong in OfContainer(container)
        select $"{workload}, container {container.Name}: {wrong}";

    private static IEnumerable<string> OfContainer(V1Container container)
    {
        string? Request(string name) => container.Resources?.Requests?.TryGetValue(name, out ResourceQuantity? q) == true ? $"{q}" : null;
        string? Limit(string name) => container.Resources?.Limits?.TryGetValue(name, out ResourceQuantity? q) == true ? $"{q}" : null;

        if (Request("cpu") is null || Request("memory") is null)
        {
            yield return "it has no requests of cpu and memory.";
        }
        if (Limit("memory") is null)
        {
            yield return "it has no limit of memory, and the collector takes its share from that.";
        }
        else if (Limit("memory") != Request("memory"))
        {
            yield return $"it asks for {Request("memory")} of memory and may take {Limit("memory")}: a full node would kill it first.";
        }
        if (Limit("cpu") is { } limit)
        {
            yield return $"it has a limit of cpu, {limit}: it would stand still for parts of each tenth of a second.";
        }
    }
}
