using Foretell.Silo.Settings;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace Foretell.Rendering;

/// <summary>A silo in its pod, with the environment that it finds there.</summary>
internal sealed class SiloContainer(Manifests manifests, Workload workload, V1Container container)
{
    private const string Prefix = "FORETELL__";

    public Workload Workload => workload;

    public V1Container Container => container;

    /// <summary>Names of ConfigMaps that the environment comes from and that are not there.</summary>
    public IEnumerable<string> MissingConfigMaps => (container.EnvFrom ?? []).Select(e => e.ConfigMapRef?.Name)
        .OfType<string>().Where(name => manifests.All<V1ConfigMap>().All(map => map.Metadata.Name != name));

    /// <summary>The environment, by name: later entries win, as in a pod. What only a cluster knows has a likely value.</summary>
    public IReadOnlyDictionary<string, string> Environment() => ContainerEnvironment.Read(container,
        name => manifests.All<V1ConfigMap>().FirstOrDefault(m => m.Metadata.Name == name)?.Data,
        variable => variable.ValueFrom.FieldRef?.FieldPath == "status.podIP" ? "10.0.0.7"
            : variable.Name == $"{Prefix}POSTGRES" ? "Host=database;Username=foretell" : "known-to-the-cluster-only");

    /// <summary>The settings, read by the silo's own code from that environment.</summary>
    /// <exception cref="SettingsException">A setting is unknown, missing or wrong.</exception>
    public SiloSettings Settings() => SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(Environment()
        .Where(e => e.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        .Select(e => KeyValuePair.Create(e.Key.Replace("__", ":", StringComparison.Ordinal), OfFile(e.Key, e.Value)))).Build());

    /// <summary>A file's content stands in for the name of a file that a Secret brings, and a file of ours for one with a
    /// password.</summary>
    private string? OfFile(string name, string value) =>
        value is ['@', .. string path] && IsMounted(path)
            ? "Endpoint=sb://hub.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey=c2VjcmV0;EntityPath=events"
        : name.EndsWith("PASSWORDFILE", StringComparison.OrdinalIgnoreCase) && IsMounted(value)
            ? Path.Combine(AppContext.BaseDirectory, "password.txt")
        : value;

    private bool IsMounted(string path) =>
        (container.VolumeMounts ?? []).Any(m => path.StartsWith($"{m.MountPath}/", StringComparison.Ordinal));

    public override string ToString() => $"{workload}, container {container.Name}";
}
