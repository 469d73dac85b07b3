using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace Foretell.Rendering;

/// <summary>Rendered manifests, read with a strict schema: a field or kind that Kubernetes does not have is an error.</summary>
internal sealed partial class Manifests
{
    private readonly IReadOnlyList<object> _objects;

    private Manifests(IReadOnlyList<object> objects) => _objects = objects;

    /// <summary>Reads every document but those of kinds that come with other software.</summary>
    public static Manifests Load(string yaml)
    {
        IEnumerable<string> known = yaml.Split("\n---\n").Where(document => !ForeignKind().IsMatch(document));
        return new Manifests(KubernetesYaml.LoadAllFromString(string.Join("\n---\n", known), null, strict: true));
    }

    /// <summary>The objects of one kind.</summary>
    public IEnumerable<T> All<T>() => _objects.OfType<T>();

    /// <summary>Every object, for what holds for all kinds.</summary>
    public IEnumerable<IKubernetesObject<V1ObjectMeta>> Everything => _objects.OfType<IKubernetesObject<V1ObjectMeta>>();

    /// <summary>Whatever makes pods.</summary>
    public IEnumerable<Workload> Workloads =>
    [
        .. All<V1Deployment>().Select(d => new Workload("Deployment", d.Metadata.Name, d.Spec.Selector, d.Spec.Template, d)),
        .. All<V1StatefulSet>().Select(s => new Workload("StatefulSet", s.Metadata.Name, s.Spec.Selector, s.Spec.Template, null)),
    ];

    /// <summary>The containers that run a silo, with what surrounds them.</summary>
    public IEnumerable<SiloContainer> Silos => Workloads
        .SelectMany(workload => workload.Pod.Containers.Where(Runs.Silo).Select(c => new SiloContainer(this, workload, c)));

    /// <summary>Monitoring, autoscaling by events, certificates: their schemas are not Kubernetes' own.</summary>
    [GeneratedRegex(@"^apiVersion: ""?(monitoring\.coreos\.com|keda\.sh|cert-manager\.io)/", RegexOptions.Multiline)]
    private static partial Regex ForeignKind();
}
