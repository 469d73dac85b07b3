using Foretell.Rendering;

namespace Foretell.Kubernetes.Tests.Rules;

/// <summary>What must hold of rendered manifests, and what neither a schema nor even a server would say.</summary>
internal static class ManifestRules
{
    /// <summary>One sentence for each thing that is wrong; none when all is well.</summary>
    public static IReadOnlyList<string> Check(Manifests manifests) =>
    [
        .. RequiredRules.Check(manifests),
        .. PortRules.Check(manifests),
        .. SelectorRules.Check(manifests),
        .. ReferenceRules.Check(manifests),
        .. SettingsRules.Check(manifests),
        .. ProbeRules.Check(manifests),
        .. ShutdownRules.Check(manifests),
        .. ResourceRules.Check(manifests),
        .. SecurityRules.Check(manifests),
        .. ScalingRules.Check(manifests),
    ];
}
