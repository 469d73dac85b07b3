using k8s.Models;

namespace Foretell.Rendering;

/// <summary>A Deployment or StatefulSet, as far as they are the same.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Name">Its name.</param>
/// <param name="Selector">Which pods it takes for its own.</param>
/// <param name="Template">What its pods are like.</param>
/// <param name="Deployment">The Deployment; null for a StatefulSet.</param>
internal sealed record Workload(string Kind, string Name, V1LabelSelector Selector, V1PodTemplateSpec Template, V1Deployment? Deployment)
{
    public V1PodSpec Pod => Template.Spec;

    /// <summary>Containers that start before the others, and these.</summary>
    public IEnumerable<V1Container> Containers => [.. Pod.InitContainers ?? [], .. Pod.Containers];

    /// <summary>True when a selector of labels takes this one's pods.</summary>
    public bool IsTakenBy(IDictionary<string, string>? labels) => labels is null
        || labels.All(label => Template.Metadata.Labels?.TryGetValue(label.Key, out string? value) == true && value == label.Value);

    /// <summary>True when one of the containers has a port of that name or number.</summary>
    public bool HasPort(string port) => Pod.Containers.Any(c => Runs.Ports(c).Contains(port));

    public override string ToString() => $"{Kind} {Name}";
}
