using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.EventHubs;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host publishes alerts and forecasts to a hub of Azure Event Hubs.</summary>
internal sealed class PublishSettings
{
    /// <summary>Where a connection string may stand instead of the command line.</summary>
    public const string Variable = "FORETELL_PUBLISH_TO";

    private readonly HubOption _hub = new("--publish-to", Variable, "Hub of Azure Event Hubs that every alert is published to");

    private readonly Option<string[]> _forecasts = new("--publish-forecasts-of")
    {
        Description = "Stream whose forecasts are published there, too, one after each of its events; repeat it for several streams.",
        HelpName = "stream",
    };

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [_hub.Option, _forecasts];

    /// <summary>What was asked for; null without a hub.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">The hub cannot be published to from what was said.</exception>
    public PublishTarget? Read(ParseResult parsed)
    {
        string[] streams = parsed.GetValue(_forecasts) ?? [];
        if (_hub.Text(parsed) is not { } text)
        {
            return streams.Length == 0 ? null
                : throw new UsageException($"{_forecasts.Name} is about the hub of --publish-to; name the hub.");
        }
        if (streams.Any(string.IsNullOrEmpty))
        {
            throw new CliException($"{_forecasts.Name} must be the key of a stream; leave it out to publish alerts only.");
        }
        return new PublishTarget(_hub.Address(parsed, text), [.. streams.Distinct(StringComparer.Ordinal)]);
    }
}

/// <summary>A hub to publish to.</summary>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Streams">Streams whose forecasts are published beside the alerts.</param>
internal sealed record PublishTarget(EventHubAddress Address, IReadOnlyList<string> Streams);
