using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Foretell.Support;
using k8s.Models;

namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>What pods find on the machine that runs them: images, ConfigMaps, Secrets, room for their files, addresses.</summary>
internal sealed class Node : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _addresses;

    /// <summary>Images by their whole name.</summary>
    public ConcurrentDictionary<string, Image> Images { get; } = [];

    /// <summary>ConfigMaps by name.</summary>
    public ConcurrentDictionary<string, V1ConfigMap> ConfigMaps { get; } = [];

    /// <summary>Secrets by name, each value by its key.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, byte[]>> Secrets { get; } = [];

    /// <summary>A folder of its own for a pod.</summary>
    public string FolderOf(string pod) => Directory.CreateDirectory(_folder.At(pod)).FullName;

    /// <summary>An address that no other pod has: all of 127.0.0.0/8 leads to this machine, and each address has all ports.</summary>
    public IPAddress NextAddress() => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture,
        $"127.77.{Environment.ProcessId % 256}.{1 + ((Interlocked.Increment(ref _addresses) - 1) % 254)}"));

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
