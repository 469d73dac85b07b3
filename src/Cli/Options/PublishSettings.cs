using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.EventHubs;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host publishes alerts and forecasts to a hub of Azure Event Hubs.</summary>
internal sealed class PublishSettings
{
    /// <summary>Where a connection string may stand instead of the command line.</summary>
    public const string Variable = "FORETELL_PUBLISH_TO";

    private readonly Option<string> _hub = Settings.Text("--publish-to", "hub",
        $"Hub of Azure Event Hubs that every alert is published to: a connection string, NAMESPACE/HUB for this machine's identity, or @FILE that holds one of them; by default what {Variable} says, if it is set.");

    private readonly Option<string[]> _forecasts = new("--publish-forecasts-of")
    {
        Description = "Stream whose forecasts are published there, too, one after each of its events; repeat it for several streams.",
        HelpName = "stream",
    };

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [_hub, _forecasts];

    /// <summary>What was asked for; null without a hub.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">The hub cannot be published to from what was said.</exception>
    public PublishTarget? Read(ParseResult parsed)
    {
        string? typed = parsed.GetValue(_hub);
        string? text = typed ?? Environment.GetEnvironmentVariable(Variable);
        string[] streams = parsed.GetValue(_forecasts) ?? [];
        if (string.IsNullOrWhiteSpace(text))
        {
            return streams.Length == 0 ? null
                : throw new UsageException($"{_forecasts.Name} is about the hub of --publish-to; name the hub.");
        }
        if (streams.Any(string.IsNullOrEmpty))
        {
            throw new CliException($"{_forecasts.Name} must be the key of a stream; leave it out to publish alerts only.");
        }
        try
        {
            var address = EventHubAddress.Parse(text);
            if (typed?.Contains("SharedAccessKey=", StringComparison.OrdinalIgnoreCase) == true)
            {
                Terminal.WriteNote($"the key on the command line can be seen by everybody who lists this machine's processes: keep it in a file (--publish-to @FILE) or in {Variable}.");
            }
            return new PublishTarget(address, [.. streams.Distinct(StringComparer.Ordinal)]);
        }
        catch (FormatException bad)
        {
            throw new CliException($"--publish-to: {bad.Message}", bad);
        }
    }
}

/// <summary>A hub to publish to.</summary>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Streams">Streams whose forecasts are published beside the alerts.</param>
internal sealed record PublishTarget(EventHubAddress Address, IReadOnlyList<string> Streams);
