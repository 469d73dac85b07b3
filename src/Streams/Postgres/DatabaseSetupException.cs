namespace Foretell.Streams;

/// <summary>A database cannot be used as asked. The message is a sentence for the operator: what was found and what to do.</summary>
public sealed class DatabaseSetupException(string message, Exception? inner = null) : Exception(message, inner);
