using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>What a pod refers to by name is there. Secrets are their owner's business, and so may be the model's ConfigMap.</summary>
internal static class ReferenceRules
{
    public static IEnumerable<string> Check(Manifests manifests)
    {
        foreach (Workload workload in manifests.Workloads)
        {
            string[] volumes =
            [
                .. (workload.Pod.Volumes ?? []).Select(v => v.Name),
                .. manifests.All<V1StatefulSet>().Where(s => workload.Kind == "StatefulSet" && s.Metadata.Name == workload.Name)
                    .SelectMany(s => s.Spec.VolumeClaimTemplates ?? []).Select(claim => claim.Metadata.Name),
            ];
            foreach (V1Container container in workload.Containers)
            {
                foreach (V1VolumeMount mount in (container.VolumeMounts ?? []).Where(m => !volumes.Contains(m.Name)))
                {
                    yield return $"{workload}, container {container.Name}: it mounts volume '{mount.Name}', which the pod does not have.";
                }
            }
            if (workload.Pod.ServiceAccountName is { } account
                && manifests.All<V1ServiceAccount>().All(a => a.Metadata.Name != account))
            {
                yield return $"{workload} runs as ServiceAccount {account}, which is not there.";
            }
        }
        foreach (SiloContainer silo in manifests.Silos)
        {
            foreach (string missing in silo.MissingConfigMaps)
            {
                yield return $"{silo}: its environment comes from ConfigMap {missing}, which is not there.";
            }
        }
    }

    /// <summary>Secrets that pods need and the manifests do not bring.</summary>
    public static IEnumerable<string> SecretsToMake(Manifests manifests) => manifests.Workloads
        .SelectMany(w => w.Containers.SelectMany(c => c.Env ?? []).Select(e => e.ValueFrom?.SecretKeyRef?.Name)
            .Concat((w.Pod.Volumes ?? []).Select(v => v.Secret?.SecretName)))
        .OfType<string>().Distinct().Where(name => manifests.All<V1Secret>().All(s => s.Metadata.Name != name));
}
