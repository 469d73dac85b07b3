using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.EventHubs;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host reads a hub of Azure Event Hubs.</summary>
internal sealed class EventHubSettings
{
    /// <summary>Where a connection string may stand instead of the command line.</summary>
    public const string Variable = "FORETELL_EVENT_HUB";

    private readonly HubOption _hub = new("--event-hub", Variable, "Hub of Azure Event Hubs to read");

    private readonly Option<string> _name = Settings.Text("--event-hub-name", "name", "The hub, where the connection string names none.");

    private readonly Option<string> _group = Settings.Typed("--consumer-group", "name", "Consumer group to read with, one of its own.",
        new EventHubOptions().ConsumerGroup, text => string.IsNullOrWhiteSpace(text)
            ? throw new CliException("--consumer-group must be the name of a group; leave it out for $Default.") : text);

    private readonly Option<CheckpointContainer?> _checkpoints = Settings.Parsed<CheckpointContainer?>("--checkpoints", "url",
        "Blob container that shows KEDA and the like how far the hub was read: its URL, with a signature or for this machine's identity, or @FILE.",
        CheckpointContainer.Parse);

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [_hub.Option, _name, _group, _checkpoints];

    /// <summary>The hub that was asked for; null without one.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">The hub cannot be read from what was said.</exception>
    public Broker? Read(ParseResult parsed)
    {
        if (_hub.Text(parsed) is not { } text)
        {
            Option? orphan = All.Skip(1).FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false });
            return orphan is null ? null : throw new UsageException($"{orphan.Name} is about the hub of --event-hub; name the hub.");
        }
        EventHubAddress address = _hub.Address(parsed, text, parsed.GetValue(_name));
        var options = new EventHubOptions
        {
            ConsumerGroup = parsed.GetRequiredValue(_group),
            Checkpoints = parsed.GetValue(_checkpoints),
        };
        return new Broker($"{address}, consumer group '{options.ConsumerGroup}'", address.Hub,
            () => new EventHubSource(address.Hub, address, options), "EventHubs", new Dictionary<string, string?>
            {
                ["Connection"] = text,
                ["Hub"] = parsed.GetValue(_name),
                ["ConsumerGroup"] = options.ConsumerGroup,
                ["Checkpoints"] = parsed.GetResult(_checkpoints)?.Tokens[0].Value,
            }, address);
    }
}
