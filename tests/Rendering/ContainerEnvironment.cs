using k8s.Models;

namespace Foretell.Rendering;

/// <summary>A container's environment, put together as a pod's is.</summary>
internal static class ContainerEnvironment
{
    /// <summary>Variables by name: those of whole ConfigMaps, then those that are named one by one; later ones win.</summary>
    /// <param name="container">The container.</param>
    /// <param name="configMap">Texts of the ConfigMap with that name; null when it is not there.</param>
    /// <param name="from">Value of a variable that is taken from elsewhere.</param>
    public static Dictionary<string, string> Read(V1Container container, Func<string, IDictionary<string, string>?> configMap,
        Func<V1EnvVar, string> from)
    {
        var all = new Dictionary<string, string>();
        foreach (V1EnvFromSource source in container.EnvFrom ?? [])
        {
            foreach ((string name, string value) in configMap(source.ConfigMapRef.Name) ?? new Dictionary<string, string>())
            {
                all[name] = value;
            }
        }
        foreach (V1EnvVar variable in container.Env ?? [])
        {
            all[variable.Name] = variable.ValueFrom is null ? variable.Value ?? "" : from(variable);
        }
        return all;
    }
}
