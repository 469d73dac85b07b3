using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Stores.Sqlite.Maintenance;

namespace Foretell.Cli.Commands;

/// <summary>foretell restore: makes a data folder out of a backup.</summary>
internal static class RestoreCommand
{
    private static readonly Option<string> s_from = Settings.Text("--from", "folder", "The backup.", required: true);
    private static readonly Option<string> s_dataDir = DataDirectorySettings.Create("Folder to make; must be new or empty.");

    public static Command Create()
    {
        var verb = new Verb("restore", "Makes a data folder out of a backup.",
            "restore --from ./backups/monday --data-dir ./my-data")
        {
            s_from, s_dataDir,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        (string from, string directory) = (parsed.GetRequiredValue(s_from), parsed.GetRequiredValue(s_dataDir));
        long bytes = DataDirectoryBackup.Restore(from, directory);
        Terminal.WriteLine($"{directory}: {Format.Bytes(bytes)}, checked. Events that came in after the backup are not in it; a broker that is read "
            + "from is read on from where the backup was.");
        return ExitCode.Success;
    }
}
