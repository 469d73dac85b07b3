namespace Foretell.Cli.Shell;

/// <summary>Something the user can put right: its message is the one sentence that the terminal shows.</summary>
public class CliException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The options of a command do not go together; its message says how they would.</summary>
public sealed class UsageException(string message) : CliException(message);
