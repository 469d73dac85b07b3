using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>The Pod Security standard "restricted", a read-only root, and no way to Kubernetes' API.</summary>
internal static class SecurityRules
{
    public static IEnumerable<string> Check(Manifests manifests) => manifests.Workloads.SelectMany(workload =>
        OfPod(workload.Pod).Select(wrong => $"{workload}: {wrong}").Concat(workload.Containers.SelectMany(container =>
            OfContainer(container).Select(wrong => $"{workload}, container {container.Name}: {wrong}"))));

    private static IEnumerable<string> OfPod(V1PodSpec pod)
    {
        if (pod.SecurityContext?.RunAsNonRoot != true || pod.SecurityContext.RunAsUser is null or 0)
        {
            yield return "it must run as a user other than root (runAsNonRoot true, runAsUser).";
        }
        if (pod.SecurityContext?.SeccompProfile?.Type != "RuntimeDefault")
        {
            yield return "its seccompProfile must be RuntimeDefault.";
        }
        if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true || pod.Volumes?.Any(v => v.HostPath is not null) == true)
        {
            yield return "it uses the node's own network, processes or files.";
        }
        if (pod.AutomountServiceAccountToken != false)
        {
            yield return "it gets a token for Kubernetes' API, and asks it nothing.";
        }
        if (pod.EnableServiceLinks != false)
        {
            yield return "it gets a variable for each Service of its namespace (enableServiceLinks).";
        }
    }

    private static IEnumerable<string> OfContainer(V1Container container)
    {
        V1SecurityContext? security = container.SecurityContext;
        if (security?.Privileged == true)
        {
            yield return "it is privileged.";
        }
        if (security?.AllowPrivilegeEscalation != false)
        {
            yield return "it may gain rights (allowPrivilegeEscalation).";
        }
        if (security?.Capabilities?.Drop?.Contains("ALL") != true || security.Capabilities.Add?.Count > 0)
        {
            yield return "it keeps capabilities; all must be dropped and none added.";
        }
        if (security?.ReadOnlyRootFilesystem != true)
        {
            yield return "its root file system can be written.";
        }
        if (security?.RunAsUser == 0 || security?.RunAsNonRoot == false)
        {
            yield return "it runs as root.";
        }
    }
}
