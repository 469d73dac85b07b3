using System.Collections.Concurrent;
using Foretell.Deployment.Tests.Kubelet;
using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Deployment.Tests.Control;

/// <summary>A namespace of a cluster that is this machine: what is applied to it runs.</summary>
internal sealed class TestNamespace : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, DeploymentController> _deployments = [];
    private readonly ConcurrentDictionary<string, ServiceProxy> _services = [];

    /// <summary>What the pods find on their machine.</summary>
    public Node Node { get; } = new();

    /// <summary>All Deployments, by name.</summary>
    public IReadOnlyDictionary<string, DeploymentController> Deployments => _deployments;

    /// <summary>Every pod that has not been told to end.</summary>
    public IEnumerable<Pod> Pods => _deployments.Values.SelectMany(d => d.Pods);

    /// <summary>Every pod that there ever was.</summary>
    public IEnumerable<Pod> Everyone => _deployments.Values.SelectMany(d => d.Everyone);

    /// <summary>A Service.</summary>
    public ServiceProxy Service(string name) => _services[name];

    /// <summary>kubectl apply: ConfigMaps, Services and Deployments; an autoscaler's least is what its Deployment begins with.</summary>
    /// <param name="manifests">What is applied.</param>
    /// <param name="only">Name of the one Deployment to apply; null for all.</param>
    public void Apply(Manifests manifests, string? only = null)
    {
        foreach (V1ConfigMap map in manifests.All<V1ConfigMap>())
        {
            Node.ConfigMaps[map.Metadata.Name] = map;
        }
        foreach (V1Service service in manifests.All<V1Service>())
        {
            int port = manifests.Silos.Where(s => s.Workload.IsTakenBy(service.Spec.Selector)).SelectMany(s => s.Container.Ports)
                .First(p => p.Name == service.Spec.Ports.Single().TargetPort.ToString()).ContainerPort;
            _services.TryAdd(service.Metadata.Name, new ServiceProxy(port, () => _deployments.Values
                .Where(d => service.Spec.Selector.All(label => d.Labels.TryGetValue(label.Key, out string? value) && value == label.Value))
                .SelectMany(d => d.Everyone)));
        }
        foreach (V1Deployment deployment in manifests.All<V1Deployment>().Where(d => only is null || d.Metadata.Name == only))
        {
            string name = deployment.Metadata.Name;
            V2HorizontalPodAutoscaler? scaler =
                manifests.All<V2HorizontalPodAutoscaler>().FirstOrDefault(a => a.Spec.ScaleTargetRef.Name == name);
            _deployments.GetOrAdd(name, _ => new DeploymentController(Node, Changed)).Apply(deployment, scaler?.Spec.MinReplicas ?? 1);
        }
    }

    /// <summary>Ends whatever still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (DeploymentController deployment in _deployments.Values)
        {
            deployment.Scale(0);
        }
        foreach (Pod pod in Everyone.Where(p => !p.Ended.IsCompleted))
        {
            pod.Kill();
        }
        await Task.WhenAll(Everyone.Select(p => p.Ended));
        Node.Dispose();
    }

    private void Changed()
    {
        foreach (ServiceProxy service in _services.Values)
        {
            _ = service.ChangeAsync();
        }
    }
}
