using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.EventHubs;

namespace Foretell.Cli.Options;

/// <summary>An option that names a hub of Azure Event Hubs, or an environment variable in its place.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="variable">Where a connection string may stand instead of the command line.</param>
/// <param name="what">What the hub is for, for the help.</param>
internal sealed class HubOption(string name, string variable, string what)
{
    /// <summary>The option, as a verb lists it.</summary>
    public Option<string> Option { get; } = Settings.Text(name, "hub",
        $"{what}: a connection string, NAMESPACE/HUB for this machine's identity, or @FILE that holds one of them; by default what {variable} says, if it is set.");

    /// <summary>What names the hub, as it was written; null where nothing does.</summary>
    public string? Text(ParseResult parsed) =>
        (parsed.GetValue(Option) ?? Environment.GetEnvironmentVariable(variable)) is { } text && !string.IsNullOrWhiteSpace(text)
            ? text : null;

    /// <summary>The hub; notes a key that others can see.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="text">What <see cref="Text"/> says.</param>
    /// <param name="hub">The hub, where the connection string names none; null for none.</param>
    /// <exception cref="CliException">It is no hub.</exception>
    public EventHubAddress Address(ParseResult parsed, string text, string? hub = null)
    {
        EventHubAddress address = Settings.Checked(name, () => EventHubAddress.Parse(text, hub));
        if (parsed.GetValue(Option)?.Contains("SharedAccessKey=", StringComparison.OrdinalIgnoreCase) == true)
        {
            Terminal.WriteNote($"the key on the command line can be seen by everybody who lists this machine's processes: keep it in a file ({name} @FILE) or in {variable}.");
        }
        return address;
    }
}
