namespace Foretell.Engine;

/// <summary>A data directory or a database cannot be used as asked. The message is for the user: what was found and what to do.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>It may be mended while the caller waits: a database that cannot be reached, or has no tables yet.</summary>
    public bool MayPass { get; init; }
}
