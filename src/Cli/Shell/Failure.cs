using Foretell.Engine;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;

namespace Foretell.Cli.Shell;

/// <summary>One sentence for each way in which a command can fail.</summary>
internal static class Failure
{
    /// <summary>Set to 1 to see stack traces, for those who look for a fault in Foretell itself.</summary>
    public const string TraceVariable = "FORETELL_TRACE";

    public static string Describe(Exception failure)
    {
        if (Environment.GetEnvironmentVariable(TraceVariable) == "1")
        {
            return failure.ToString();
        }
        return failure switch
        {
            CliException or InvalidDataException or ArgumentException or IOException or EventFileException or ReplayException
                or StorageException or PlatformUnavailableException => Sentence(failure.Message),
            UnauthorizedAccessException => $"{Sentence(failure.Message)} Check the permissions of the file or folder.",
            _ => $"{failure.GetType().Name}: {Sentence(failure.Message)} Set {TraceVariable}=1 to see where.",
        };
    }

    /// <summary>ArgumentException appends "(Parameter 'x')", which says nothing to a user of the command line.</summary>
    private static string Sentence(string message)
    {
        int parameter = message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        string text = (parameter > 0 ? message[..parameter] : message).Trim();
        return text.EndsWith('.') || text.EndsWith('?') || text.EndsWith('!') ? text : text + ".";
    }
}
