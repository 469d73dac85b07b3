namespace Foretell.Streams;

/// <summary>A data directory cannot be opened as asked. The message is one sentence for the user: what was found and what to do.</summary>
public sealed class DataDirectoryException(string message, Exception? inner = null) : Exception(message, inner);
