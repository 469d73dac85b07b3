using Foretell.Grains.Silos;
using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Silo.Settings;

/// <summary>A hub to read, of section "EventHubs".</summary>
/// <param name="Name">Name that the operator gave it; the log knows it by this name.</param>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Options">How Event Hubs is spoken to.</param>
/// <param name="Reading">Where to begin, and what to do about losses.</param>
/// <param name="Mapping">Where its events hold what; null where they say so themselves.</param>
internal sealed record EventHubSettings(string Name, EventHubAddress Address, EventHubOptions Options, SourceOptions Reading,
    MessageMapping? Mapping)
{
    /// <summary>Reads and checks one hub's settings.</summary>
    /// <exception cref="SettingsException">A setting is unknown, missing or wrong.</exception>
    public static EventHubSettings Read(string name, SettingsSection section)
    {
        var settings = new EventHubSettings(name, Checked(section, "Connection", () =>
                EventHubAddress.Parse(section.Text("Connection", null), section.OptionalText("Hub"))),
            new EventHubOptions
            {
                ConsumerGroup = section.Text("ConsumerGroup", new EventHubOptions().ConsumerGroup),
                Checkpoints = section.OptionalText("Checkpoints") is { } container
                    ? Checked(section, "Checkpoints", () => CheckpointContainer.Parse(container)) : null,
            },
            From(section, section.Text("From", "start")) with
            {
                OnLoss = section.Text("OnLoss", "stop") switch
                {
                    "stop" => LossPolicy.Stop,
                    "skip" => LossPolicy.Skip,
                    var other => throw new SettingsException($"{section.Name("OnLoss")} is '{other}'. Give stop or skip."),
                },
            },
            section.OptionalText("Map") is { } map ? Checked(section, "Map", () => MessageMapping.Parse(map)) : null);
        section.RefuseUnknown();
        return settings;
    }

    /// <summary>The hub as the grains read it.</summary>
    public SourceSetup ToSource() => new(() => new EventHubSource(Name, Address, Options), () => new MessageDecoder(Mapping), Reading);

    private static SourceOptions From(SettingsSection section, string text) => SourceOptions.BeginningAt(text)
        ?? throw new SettingsException($"{section.Name("From")} is '{text}'. Give start, end or a time (RFC 3339 with an offset, or Unix seconds).");

    private static T Checked<T>(SettingsSection section, string name, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException bad)
        {
            throw new SettingsException($"{section.Name(name)}: {bad.Message}", bad);
        }
    }
}
