namespace Foretell.Cli;

/// <summary>Something the user can put right: its message is the one sentence that the terminal shows.</summary>
public sealed class CliException(string message, Exception? inner = null) : Exception(message, inner);
