using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Stores.Sqlite.Maintenance;

namespace Foretell.Cli.Commands;

/// <summary>foretell repair: makes a damaged data folder one that a host opens.</summary>
internal static class RepairCommand
{
    private static readonly Option<string> s_dataDir = DataDirectorySettings.Create("Folder to repair; no host may be serving it.");

    public static Command Create()
    {
        var verb = new Verb("repair", "Makes a damaged data folder whole again, with everything that can still be read; moves the damaged files aside.",
            "repair",
            "repair --data-dir ./my-data")
        {
            s_dataDir,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        string directory = parsed.GetRequiredValue(s_dataDir);
        bool any = false;
        foreach (string done in DataDirectoryRepair.Run(directory, TimeProvider.System))
        {
            Terminal.WriteLine(done);
            any = true;
        }
        if (!any)
        {
            Terminal.WriteLine($"{directory}: nothing is damaged, and nothing was changed.");
        }
        else if (DataDirectoryCheck.Run(directory).FirstOrDefault(finding => finding.IsDamage) is { } left)
        {
            Terminal.WriteError($"{directory} is still damaged: {left.File}: {left.Message}");
            return ExitCode.Failure;
        }
        return ExitCode.Success;
    }
}
