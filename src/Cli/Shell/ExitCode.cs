namespace Foretell.Cli.Shell;

/// <summary>What the program's exit codes mean; only success is 0.</summary>
public static class ExitCode
{
    /// <summary>The command did all of what it was asked.</summary>
    public const int Success = 0;

    /// <summary>The command was understood but could not be done.</summary>
    public const int Failure = 1;

    /// <summary>The command line could not be understood; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>It was done, but some of the events could not be applied: they are dead letters.</summary>
    public const int DeadLetters = 3;

    /// <summary>Ctrl-C or a termination signal ended the work before it was done (128 + SIGINT, as shells count).</summary>
    public const int Interrupted = 130;
}
