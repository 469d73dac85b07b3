using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.Kafka;

namespace Foretell.Cli.Options;

/// <summary>The option by which a host reads a topic of Kafka.</summary>
internal sealed class KafkaSettings
{
    private readonly Option<string> _topic = Settings.Text("--kafka", "topic",
        "Topic of Kafka to read: HOST[:PORT][,HOST[:PORT]...]/TOPIC, or @FILE with settings of librdkafka, one NAME=VALUE a line, bootstrap.servers and topic among them.");

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [_topic];

    /// <summary>The topic that was asked for; null without one.</summary>
    /// <exception cref="CliException">It cannot be read from what was said.</exception>
    public Broker? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_topic) is not { } text)
        {
            return null;
        }
        KafkaAddress address = Settings.Checked("--kafka", () => KafkaAddress.Parse(text));
        return new Broker($"{address}", address.Topic, () => new KafkaSource(address.Topic, address, new KafkaOptions()), "Kafka",
            text.StartsWith('@') ? new Dictionary<string, string?> { ["Settings"] = text[1..] }
                : new Dictionary<string, string?> { ["Brokers"] = address.Brokers, ["Topic"] = address.Topic });
    }
}
