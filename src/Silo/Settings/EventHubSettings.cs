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
        var settings = new EventHubSettings(name, section.Checked("Connection", () =>
                EventHubAddress.Parse(section.Text("Connection", null), section.OptionalText("Hub"))),
            new EventHubOptions
            {
                ConsumerGroup = section.Text("ConsumerGroup", new EventHubOptions().ConsumerGroup),
                Checkpoints = section.OptionalText("Checkpoints") is { } container
                    ? section.Checked("Checkpoints", () => CheckpointContainer.Parse(container)) : null,
            },
            SourceReading.Options(section), SourceReading.Mapping(section));
        section.RefuseUnknown();
        return settings;
    }

    /// <summary>The hub as the grains read it.</summary>
    public SourceSetup ToSource() => new(() => new EventHubSource(Name, Address, Options), () => new MessageDecoder(Mapping), Reading);
}
