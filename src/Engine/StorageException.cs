namespace Foretell.Engine;

/// <summary>A data directory or a database cannot be used as asked. The message is for the user: what was found and what to do.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
