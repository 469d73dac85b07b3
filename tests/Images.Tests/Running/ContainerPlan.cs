namespace Foretell.Images.Tests.Running;

/// <summary>What is to run, and what it is given.</summary>
/// <param name="Root">Folder that is its root, read-only to it.</param>
/// <param name="Command">Program and arguments.</param>
internal sealed record ContainerPlan(string Root, params string[] Command)
{
    /// <summary>Environment, by name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Folders of this machine by the path that they have in the container, which may read them.</summary>
    public IReadOnlyDictionary<string, string> Mounts { get; init; } = new Dictionary<string, string>();

    /// <summary>The one of <see cref="Mounts"/> that it may write to as well.</summary>
    public string? WritableMount { get; init; }

    /// <summary>File of a network namespace; null gives it one of its own with loopback alone.</summary>
    public string? Network { get; init; }

    /// <summary>Limit of memory, bytes; null sets none.</summary>
    public long? MemoryBytes { get; init; }
}
