using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Stores.Sqlite.Maintenance;

namespace Foretell.Cli.Commands;

/// <summary>foretell backup: copies a data folder while its host goes on.</summary>
internal static class BackupCommand
{
    private static readonly Option<string> s_dataDir = DataDirectorySettings.Create("Folder to copy; a host may be serving it.");
    private static readonly Option<string> s_to = Settings.Text("--to", "folder", "The copy, a new folder.", required: true);

    public static Command Create()
    {
        var verb = new Verb("backup", "Copies a data folder, while its host goes on, and checks the copy.",
            "backup --to ./backups/monday",
            "backup --data-dir ./my-data --to ./backups/monday")
        {
            s_dataDir, s_to,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        string to = parsed.GetRequiredValue(s_to);
        long bytes = DataDirectoryBackup.Run(parsed.GetRequiredValue(s_dataDir), to);
        Terminal.WriteLine($"{to}: {Format.Bytes(bytes)}, checked. 'foretell restore --from {to}' puts it back.");
        return ExitCode.Success;
    }
}
