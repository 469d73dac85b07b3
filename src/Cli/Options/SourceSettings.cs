using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host reads a broker, whichever it is.</summary>
internal sealed class SourceSettings
{
    private readonly EventHubSettings _hub = new();

    private readonly KafkaSettings _kafka = new();

    private readonly Option<string> _from = Settings.Typed("--from", "start|end|time",
        "Where to begin with a hub or topic that the data folder does not know: the oldest event left, the next one, or a time; afterwards reading goes on where it ended.",
        "start", text => ParseFrom(text));

    private readonly Option<MessageMapping?> _map = Settings.Parsed<MessageMapping?>("--map", "stream=/a,time=/b,mark=/c",
        "Where the events of a hub or topic hold stream, time, mark, id, label and values.NAME: JSON pointers, @partitionKey, @enqueuedTime or @property.NAME.", MessageMapping.Parse);

    private readonly Option<LossPolicy> _onLoss = Settings.Parsed("--on-loss", "stop|skip",
        "What to do where a hub or topic has lost events that were not read: stop (the default), or go on behind them and keep a dead letter.", ParseLoss);

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [.. _hub.All, .. _kafka.All, .. Reading];

    private IEnumerable<Option> Reading => [_from, _map, _onLoss];

    /// <summary>What was asked for; null without a broker.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="input">The file that is read beside it, or null.</param>
    /// <exception cref="UsageException">An option needs another one, or two name a broker.</exception>
    /// <exception cref="CliException">The broker cannot be read from what was said.</exception>
    public SourceInput? Read(ParseResult parsed, FileInput? input)
    {
        Broker? hub = _hub.Read(parsed), kafka = _kafka.Read(parsed);
        if (hub is not null && kafka is not null)
        {
            throw new UsageException($"a run reads one broker, and --kafka names a topic beside the hub of --event-hub (or {EventHubSettings.Variable}): "
                + "leave one of the two out. A cluster of silos reads several.");
        }
        if ((hub ?? kafka) is not { } broker)
        {
            Option? orphan = Reading.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false });
            return orphan is null ? null
                : throw new UsageException($"{orphan.Name} is about the hub of --event-hub or the topic of --kafka; name one of them.");
        }
        if (input is { Exit: true })
        {
            throw new UsageException("--exit ends the run after a file, and what is read from a broker has no end: leave one of the two out.");
        }
        string from = parsed.GetRequiredValue(_from);
        SourceOptions reading = ParseFrom(from) with { OnLoss = parsed.GetValue(_onLoss) };
        return new SourceInput(broker, from, reading, parsed.GetResult(_map)?.Tokens[0].Value, parsed.GetValue(_map));
    }

    private static SourceOptions ParseFrom(string text) => SourceOptions.BeginningAt(text)
        ?? throw new CliException($"--from must be start, end or a time (RFC 3339 with an offset, or Unix seconds), got '{text}'.");

    private static LossPolicy ParseLoss(string text) => text switch
    {
        "stop" => LossPolicy.Stop,
        "skip" => LossPolicy.Skip,
        _ => throw new CliException($"--on-loss must be stop or skip, got '{text}'."),
    };
}
