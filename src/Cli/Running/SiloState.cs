namespace Foretell.Cli.Running;

/// <summary>How one silo of a cluster is doing.</summary>
/// <param name="Name">What people call it, and its process id: "silo 2 (pid 4711)".</param>
/// <param name="Health">Whether it serves.</param>
internal sealed record SiloState(string Name, SiloHealth Health);

/// <summary>Whether a silo serves.</summary>
internal enum SiloHealth
{
    Serving,

    /// <summary>Its process is there, but does not answer.</summary>
    Silent,

    /// <summary>Its process has ended.</summary>
    Gone,
}
