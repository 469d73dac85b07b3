namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>What stands in for an image.</summary>
/// <param name="Entrypoint">Program of this machine that it runs, with what comes before a container's own arguments.</param>
/// <param name="Root">Folder that stands in for the image's root; null when containers need none of its files.</param>
internal sealed record Image(string[] Entrypoint, string? Root = null);
