using System.CommandLine;
using Foretell.Cli.Embedded;

namespace Foretell.Cli.Options;

/// <summary>Which data directory a command is about.</summary>
internal static class DataDirectorySettings
{
    /// <summary>The option.</summary>
    public static Option<string> Create(string description) =>
        Settings.Text("--data-dir", "folder", description, fallback: DataDirectory.Default);
}
