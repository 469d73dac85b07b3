using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>Fields that a server insists on and the schema does not, and images that do not move.</summary>
internal static class RequiredRules
{
    public static IEnumerable<string> Check(Manifests manifests)
    {
        foreach (var named in manifests.Everything)
        {
            if (string.IsNullOrEmpty(named.Metadata?.Name))
            {
                yield return $"A {named.Kind} has no name.";
            }
            if (named.Metadata?.NamespaceProperty is { } name)
            {
                yield return $"{named.Kind} {named.Metadata.Name} is bound to namespace {name}. Whoever applies it chooses one.";
            }
            if (named is V1Namespace)
            {
                yield return $"Namespace {named.Metadata?.Name} would go, with all that is in it, when the manifests are deleted.";
            }
        }
        foreach (Workload workload in manifests.Workloads)
        {
            foreach (V1Container container in workload.Containers)
            {
                foreach (string wrong in OfContainer(container))
                {
                    yield return $"{workload}, container {container.Name}: {wrong}";
                }
            }
        }
        string[] images = [.. manifests.Workloads.SelectMany(w => w.Containers).Where(Runs.Program).Select(c => c.Image).Distinct()];
        if (images.Length > 1)
        {
            yield return $"The silo's program comes from several images: {string.Join(", ", images)}. Versions would differ by role.";
        }
    }

    private static IEnumerable<string> OfContainer(V1Container container)
    {
        if (string.IsNullOrEmpty(container.Image))
        {
            yield return "it has no image.";
        }
        else if (container.Image == Runs.Repository(container.Image) || container.Image.EndsWith(":latest", StringComparison.Ordinal))
        {
            yield return $"image {container.Image} has no tag or digest of its own, so nobody knows what runs.";
        }
        foreach (V1ContainerPort port in (container.Ports ?? []).Where(p => p.ContainerPort is < 1 or > 65535))
        {
            yield return $"port {port.Name} is {port.ContainerPort}; there are 1 to 65535.";
        }
    }
}
