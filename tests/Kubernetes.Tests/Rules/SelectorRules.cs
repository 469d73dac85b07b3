using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>Whoever selects pods by labels selects some, and the right ones.</summary>
internal static class SelectorRules
{
    public static IEnumerable<string> Check(Manifests manifests)
    {
        foreach (Workload workload in manifests.Workloads)
        {
            if (!workload.IsTakenBy(workload.Selector.MatchLabels) || !(workload.Selector.MatchLabels?.Count > 0))
            {
                yield return $"{workload} selects {Text(workload.Selector.MatchLabels)}, which its own pods are not labelled.";
            }
            if (manifests.Workloads.FirstOrDefault(w => w != workload && w.IsTakenBy(workload.Selector.MatchLabels)) is { } other)
            {
                yield return $"{workload} selects {Text(workload.Selector.MatchLabels)}, which are the pods of {other}, too.";
            }
            foreach (V1TopologySpreadConstraint spread in workload.Pod.TopologySpreadConstraints ?? [])
            {
                if (!workload.IsTakenBy(spread.LabelSelector?.MatchLabels))
                {
                    yield return $"{workload} spreads {Text(spread.LabelSelector?.MatchLabels)}, which its own pods are not labelled.";
                }
            }
        }
        IEnumerable<(string Who, IDictionary<string, string>? Labels)> selectors =
        [
            .. manifests.All<V1Service>().Select(s => ($"Service {s.Metadata.Name}", s.Spec.Selector)),
            .. manifests.All<V1PodDisruptionBudget>()
                .Select(b => ($"PodDisruptionBudget {b.Metadata.Name}", b.Spec.Selector.MatchLabels)),
            .. manifests.All<V1NetworkPolicy>()
                .Select(p => ($"NetworkPolicy {p.Metadata.Name}", p.Spec.PodSelector.MatchLabels)),
        ];
        foreach ((string who, IDictionary<string, string>? labels) in selectors)
        {
            if (!manifests.Workloads.Any(w => w.IsTakenBy(labels)))
            {
                yield return $"{who} selects {Text(labels)}, which no pod is labelled.";
            }
        }
        foreach (SiloContainer silo in manifests.Silos)
        {
            if (manifests.All<V1PodDisruptionBudget>().Count(b => silo.Workload.IsTakenBy(b.Spec.Selector.MatchLabels)) != 1)
            {
                yield return $"{silo.Workload} needs one PodDisruptionBudget: with none a drain takes all at once, with two it is refused.";
            }
        }
    }

    private static string Text(IDictionary<string, string>? labels) =>
        labels is { Count: > 0 } ? string.Join(",", labels.Select(l => $"{l.Key}={l.Value}")) : "everything";
}
