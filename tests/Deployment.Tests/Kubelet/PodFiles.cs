using System.Text;
using k8s.Models;

namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>A pod's volumes as folders, and where its containers' paths lie among them.</summary>
/// <remarks>Nothing is mounted: paths in arguments and variables are rewritten instead.</remarks>
internal sealed class PodFiles(V1PodSpec pod, Node node, string folder)
{
    /// <summary>Makes every volume and fills it.</summary>
    /// <exception cref="NotSupportedException">A volume is of a kind that the overlays do not have.</exception>
    public void Make()
    {
        foreach (V1Volume volume in pod.Volumes ?? [])
        {
            DirectoryInfo place = Directory.CreateDirectory(Path.Combine(folder, volume.Name));
            foreach ((string name, byte[] content) in Contents(volume))
            {
                File.WriteAllBytes(Path.Combine(place.FullName, name), content);
            }
        }
    }

    /// <summary>Where a path of a container lies on this machine.</summary>
    public string Resolve(V1Container container, Image image, string path) =>
        (container.VolumeMounts ?? []).FirstOrDefault(m => path.StartsWith($"{m.MountPath}/", StringComparison.Ordinal)) is { } mount
            ? Path.Combine(folder, mount.Name) + path[mount.MountPath.Length..]
            : image.Root is { } root && path.StartsWith('/') && File.Exists(root + path) ? root + path : path;

    private IEnumerable<(string Name, byte[] Content)> Contents(V1Volume volume) => volume switch
    {
        { EmptyDir: not null } => [],
        { ConfigMap: { } map } => OfConfigMap(node.ConfigMaps[map.Name]),
        { Secret: { Items: { } items } secret } => items.Select(item => (item.Path, node.Secrets[secret.SecretName][item.Key])),
        { Secret: { } secret } => node.Secrets[secret.SecretName].Select(value => (value.Key, value.Value)),
        _ => throw new NotSupportedException($"Volume {volume.Name} is of a kind that the test kubelet does not know; teach it in PodFiles."),
    };

    private static IEnumerable<(string, byte[])> OfConfigMap(V1ConfigMap map) =>
    [
        .. (map.Data ?? new Dictionary<string, string>()).Select(text => (text.Key, Encoding.UTF8.GetBytes(text.Value))),
        .. (map.BinaryData ?? new Dictionary<string, byte[]>()).Select(bytes => (bytes.Key, bytes.Value)),
    ];
}
