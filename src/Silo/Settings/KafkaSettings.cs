using Foretell.Grains.Silos;
using Foretell.Ingest.Kafka;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Silo.Settings;

/// <summary>A topic to read, of section "Kafka".</summary>
/// <param name="Name">Name that the operator gave it; the log knows it by this name.</param>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Reading">Where to begin, and what to do about losses.</param>
/// <param name="Mapping">Where its events hold what; null where they say so themselves.</param>
internal sealed record KafkaSettings(string Name, KafkaAddress Address, SourceOptions Reading, MessageMapping? Mapping)
{
    /// <summary>Reads and checks one topic's settings.</summary>
    /// <exception cref="SettingsException">A setting is unknown, missing or wrong.</exception>
    public static KafkaSettings Read(string name, SettingsSection section)
    {
        string? file = section.OptionalText("Settings");
        // The file may name both.
        string? brokers = file is null ? section.Text("Brokers", null) : section.OptionalText("Brokers");
        string? topic = file is null ? section.Text("Topic", null) : section.OptionalText("Topic");
        var settings = new KafkaSettings(name, section.Checked(file is null ? "Brokers" : "Settings", () => KafkaAddress.Read(brokers, topic, file)),
            SourceReading.Options(section), SourceReading.Mapping(section));
        section.RefuseUnknown();
        return settings;
    }

    /// <summary>The topic as the grains read it.</summary>
    public SourceSetup ToSource() =>
        new(() => new KafkaSource(Name, Address, new KafkaOptions()), () => new MessageDecoder(Mapping), Reading);
}
