using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Stores.Sqlite.Maintenance;

namespace Foretell.Cli.Commands;

/// <summary>foretell check: looks through a data folder for damage, and changes nothing.</summary>
internal static class CheckCommand
{
    private static readonly Option<string> s_dataDir = DataDirectorySettings.Create("Folder to look through; a host may be serving it.");
    private static readonly Option<bool> s_json = CommonSettings.Json();

    public static Command Create()
    {
        var verb = new Verb("check", "Looks through a data folder for damage, byte by byte, and changes nothing.",
            "check",
            "check --data-dir ./my-data --json")
        {
            s_dataDir, s_json,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        string directory = parsed.GetRequiredValue(s_dataDir);
        var findings = new List<DirectoryFinding>();
        foreach (DirectoryFinding finding in DataDirectoryCheck.Run(directory))
        {
            findings.Add(finding);
            if (!parsed.GetValue(s_json))
            {
                Terminal.WriteLine($"{finding.File}: {(finding.IsDamage ? "DAMAGED: " : "whole: ")}{finding.Message}");
            }
        }
        bool isDamaged = findings.Exists(finding => finding.IsDamage);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(new { directory, isDamaged, findings });
        }
        if (!isDamaged)
        {
            return ExitCode.Success;
        }
        Terminal.WriteError($"{directory} is damaged. Copy the folder as it is, then restore a backup with 'foretell restore', or keep what can still "
            + "be read with 'foretell repair'.");
        return ExitCode.Failure;
    }
}
