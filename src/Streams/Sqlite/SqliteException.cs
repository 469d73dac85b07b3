namespace Foretell.Streams;

/// <summary>SQLite refused a call. Callers turn it into <see cref="PlatformUnavailableException"/> at their border.</summary>
internal sealed class SqliteException(string message, int code) : Exception(message)
{
    /// <summary>SQLite's extended result code.</summary>
    public int Code { get; } = code;
}
