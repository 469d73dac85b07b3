using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host reads a hub of Azure Event Hubs.</summary>
internal sealed class EventHubSettings
{
    /// <summary>Where a connection string may stand instead of the command line.</summary>
    public const string Variable = "FORETELL_EVENT_HUB";

    private readonly Option<string> _hub = Settings.Text("--event-hub", "hub",
        $"Hub of Azure Event Hubs to read: a connection string, NAMESPACE/HUB for this machine's identity, or @FILE that holds one of them; by default what {Variable} says, if it is set.");

    private readonly Option<string> _name = Settings.Text("--event-hub-name", "name", "The hub, where the connection string names none.");

    private readonly Option<string> _group = Settings.Typed("--consumer-group", "name", "Consumer group to read with, one of its own.",
        new EventHubOptions().ConsumerGroup, text => string.IsNullOrWhiteSpace(text)
            ? throw new CliException("--consumer-group must be the name of a group; leave it out for $Default.") : text);

    private readonly Option<CheckpointContainer?> _checkpoints = Settings.Parsed<CheckpointContainer?>("--checkpoints", "url",
        "Blob container that shows KEDA and the like how far the hub was read: its URL, with a signature or for this machine's identity, or @FILE.",
        ParseCheckpoints);

    private readonly Option<string> _from = Settings.Typed("--from", "start|end|time",
        "Where to begin with a hub that the data folder does not know: the oldest event left, the next one, or a time; afterwards reading goes on where it ended.",
        "start", text => ParseFrom(text));

    private readonly Option<MessageMapping?> _map = Settings.Parsed<MessageMapping?>("--map", "stream=/a,time=/b,mark=/c",
        "Where a hub's events hold stream, time, mark and id: JSON pointers, @partitionKey, @enqueuedTime or @property.NAME.", ParseMap);

    private readonly Option<LossPolicy> _onLoss = Settings.Parsed("--on-loss", "stop|skip",
        "What to do where the hub has lost events that were not read: stop (the default), or go on behind them and keep a dead letter.", ParseLoss);

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [_hub, _name, _group, _checkpoints, _from, _map, _onLoss];

    /// <summary>What was asked for; null without a hub.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">The hub cannot be read from what was said.</exception>
    public EventHubInput? Read(ParseResult parsed)
    {
        string? typed = parsed.GetValue(_hub);
        string? text = typed ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrWhiteSpace(text))
        {
            Option? orphan = All.Skip(1).FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false });
            return orphan is null ? null : throw new UsageException($"{orphan.Name} is about the hub of --event-hub; name the hub.");
        }
        try
        {
            var address = EventHubAddress.Parse(text, parsed.GetValue(_name));
            if (typed?.Contains("SharedAccessKey=", StringComparison.OrdinalIgnoreCase) == true)
            {
                Terminal.WriteNote($"the key on the command line can be seen by everybody who lists this machine's processes: keep it in a file (--event-hub @FILE) or in {Variable}.");
            }
            return new EventHubInput(address, new EventHubOptions
                {
                    ConsumerGroup = parsed.GetRequiredValue(_group),
                    Checkpoints = parsed.GetValue(_checkpoints),
                },
                ParseFrom(parsed.GetRequiredValue(_from)) with { OnLoss = parsed.GetValue(_onLoss) }, parsed.GetValue(_map));
        }
        catch (FormatException bad)
        {
            throw new CliException($"--event-hub: {bad.Message}", bad);
        }
    }

    private static SourceOptions ParseFrom(string text) => SourceOptions.BeginningAt(text)
        ?? throw new CliException($"--from must be start, end or a time (RFC 3339 with an offset, or Unix seconds), got '{text}'.");

    private static CheckpointContainer? ParseCheckpoints(string text)
    {
        try
        {
            return CheckpointContainer.Parse(text);
        }
        catch (FormatException bad)
        {
            throw new CliException($"--checkpoints: {bad.Message}");
        }
    }

    private static MessageMapping? ParseMap(string text)
    {
        try
        {
            return MessageMapping.Parse(text);
        }
        catch (FormatException bad)
        {
            throw new CliException($"--map: {bad.Message}");
        }
    }

    private static LossPolicy ParseLoss(string text) => text switch
    {
        "stop" => LossPolicy.Stop,
        "skip" => LossPolicy.Skip,
        _ => throw new CliException($"--on-loss must be stop or skip, got '{text}'."),
    };
}

/// <summary>A hub to read.</summary>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Options">How Event Hubs is spoken to.</param>
/// <param name="Reading">Where to begin, and what to do about losses.</param>
/// <param name="Mapping">Where its events hold what; null where they say so themselves.</param>
internal sealed record EventHubInput(EventHubAddress Address, EventHubOptions Options, SourceOptions Reading, MessageMapping? Mapping);
