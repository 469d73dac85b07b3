using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Foretell.Deployment.Tests.Kubelet;
using Foretell.Support;
using k8s;
using k8s.Models;

namespace Foretell.Deployment.Tests.Control;

/// <summary>Keeps as many pods of a Deployment as are wanted, and replaces those of an older template as its strategy says.</summary>
internal sealed class DeploymentController(Node node, Action changed)
{
    private readonly Lock _gate = new();
    private readonly List<Pod> _pods = [];
    private V1Deployment _wanted = null!;
    private string _version = "";
    private int _replicas;
    private int _made;

    /// <summary>Every pod that there ever was, in the order in which they were made.</summary>
    public IReadOnlyList<Pod> Everyone
    {
        get
        {
            lock (_gate)
            {
                return [.. _pods];
            }
        }
    }

    /// <summary>Pods that have not been told to end.</summary>
    public IReadOnlyList<Pod> Pods => [.. Everyone.Where(p => !p.IsTerminating)];

    /// <summary>The labels of its pods.</summary>
    public IDictionary<string, string> Labels => _wanted.Spec.Template.Metadata.Labels;

    /// <summary>Takes a Deployment as it is wanted from now on. What it says nothing of (replicas) stays.</summary>
    /// <param name="deployment">What is applied.</param>
    /// <param name="replicas">How many pods a new Deployment has that leaves it to an autoscaler.</param>
    public void Apply(V1Deployment deployment, int replicas)
    {
        lock (_gate)
        {
            _replicas = deployment.Spec.Replicas ?? (_version == "" ? replicas : _replicas);
            _wanted = deployment;
            byte[] template = Encoding.UTF8.GetBytes(KubernetesYaml.Serialize(deployment.Spec.Template));
            _version = Convert.ToHexStringLower(SHA256.HashData(template))[..8];
        }
        Reconcile();
    }

    /// <summary>kubectl scale.</summary>
    public void Scale(int replicas)
    {
        lock (_gate)
        {
            _replicas = replicas;
        }
        Reconcile();
    }

    /// <summary>kubectl rollout status: waits until there are as many pods as are wanted, all of the newest template and ready.</summary>
    public async Task RolledOutAsync(TimeSpan limit)
    {
        try
        {
            await Until.TrueAsync(() => Pods is var pods && pods.Count == _replicas
                && pods.All(p => p.IsReady && p.Version == _version), limit);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{_wanted.Metadata.Name} has not {_replicas} pods that are ready after {limit.TotalSeconds} s. What happened:\n"
                + string.Concat(Pods.Select(p => $"{p.History}{p.Ended.Exception}{p.Log}\n")));
        }
    }

    /// <summary>One step towards what is wanted; each change of a pod leads to the next.</summary>
    private void Reconcile()
    {
        lock (_gate)
        {
            V1RollingUpdateDeployment? update = _wanted.Spec.Strategy?.RollingUpdate;
            Pod[] current = [.. Pods.Where(p => p.Version == _version)], old = [.. Pods.Except(current)];
            // Of too many the youngest go; of an older template those first that are of no use anyway.
            IEnumerable<Pod> surplus = current.Reverse().OrderBy(p => p.IsReady).Take(current.Length - _replicas);
            int spare = Pods.Count(p => p.IsReady) - (_replicas - Count(update?.MaxUnavailable));
            IEnumerable<Pod> replaced = [.. old.Where(p => !p.IsReady), .. old.Where(p => p.IsReady).Take(spare)];
            foreach (Pod pod in surplus.Concat(replaced).ToArray())
            {
                pod.Delete();
            }
            int most = _replicas + (Pods.Any(p => p.Version != _version) ? Count(update?.MaxSurge) : 0);
            for (int all = Pods.Count, missing = _replicas - current.Length; all < most && missing > 0; all++, missing--)
            {
                _pods.Add(new Pod($"{_wanted.Metadata.Name}-{_version}-{++_made}", _version, _wanted.Spec.Template.Spec, node, Reconcile));
            }
        }
        // Outside of the lock: whoever hears of it asks for the pods.
        changed();
    }

    private static int Count(IntOrString? count) => count is null ? 1 : int.Parse(count.ToString()!, CultureInfo.InvariantCulture);
}
