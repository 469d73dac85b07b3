using System.Globalization;
using k8s.Models;

namespace Foretell.Rendering;

/// <summary>What a container is there for.</summary>
internal static class Runs
{
    /// <summary>Name of the silo's image, whatever registry it comes from.</summary>
    public const string Image = "foretell-silo";

    /// <summary>True for the silo's program.</summary>
    public static bool Program(V1Container container) => Repository(container.Image ?? "").Split('/')[^1] == Image;

    /// <summary>True for a silo that runs until it is stopped.</summary>
    public static bool Silo(V1Container container) => Program(container) && container.Args?.Contains("migrate") != true;

    /// <summary>An image's name without tag and digest.</summary>
    public static string Repository(string image)
    {
        string named = image.Split('@')[0];
        int colon = named.LastIndexOf(':');
        return colon > named.LastIndexOf('/') ? named[..colon] : named;
    }

    /// <summary>Names and numbers of a container's ports.</summary>
    public static HashSet<string> Ports(V1Container container) =>
    [
        .. (container.Ports ?? []).SelectMany(p => new[] { p.Name, p.ContainerPort.ToString(CultureInfo.InvariantCulture) })
            .Where(p => p is not null),
    ];
}
