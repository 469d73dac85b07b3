using System.Globalization;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace Foretell.Ingest.Kafka;

/// <summary>Which topic of which brokers, and by what right.</summary>
/// <remarks>It prints without secrets.</remarks>
public sealed partial class KafkaAddress
{
    private const string FormsText = "HOST[:PORT][,HOST[:PORT]...]/TOPIC, or @FILE, where FILE holds settings of librdkafka, one NAME=VALUE a line, "
        + "bootstrap.servers and topic among them";

    // What the reading depends on; a setting of the same name would lose or repeat messages.
    private static readonly string[] s_decided =
    [
        "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "auto.offset.reset", "isolation.level", "group.instance.id",
    ];

    private static readonly string[] s_secretWords = ["password", "secret", "token", ".pem", "jaas", "oauthbearer.config"];

    private readonly Dictionary<string, string> _settings;

    private KafkaAddress(string brokers, string topic, Dictionary<string, string> settings)
    {
        (Brokers, Topic, _settings) = (brokers, topic, settings);
        _settings["bootstrap.servers"] = brokers;
    }

    /// <summary>The brokers that are asked first, as they were written.</summary>
    public string Brokers { get; }

    /// <summary>Name of the topic.</summary>
    public string Topic { get; }

    /// <summary>What librdkafka is told of the connection; holds secrets.</summary>
    internal IReadOnlyDictionary<string, string> Settings => _settings;

    /// <summary>Reads an address as people write it.</summary>
    /// <param name="text">BROKERS/TOPIC, or @FILE.</param>
    /// <exception cref="FormatException">It is neither, or librdkafka refuses a setting; the message says which, and no secret.</exception>
    public static KafkaAddress Parse(string text)
    {
        text = text.Trim();
        if (text.StartsWith('@'))
        {
            return Read(null, null, text[1..]);
        }
        int slash = text.IndexOf('/');
        return slash > 0 && slash < text.Length - 1 ? Read(text[..slash], text[(slash + 1)..], null)
            : throw new FormatException($"{Shown(text)} is no topic of Kafka: write {FormsText}.");
    }

    /// <summary>Reads an address in parts.</summary>
    /// <param name="brokers">HOST[:PORT], separated by commas; null where the file names them.</param>
    /// <param name="topic">The topic; null where the file names it.</param>
    /// <param name="file">Settings of librdkafka, one NAME=VALUE a line; null for none.</param>
    /// <exception cref="FormatException">A part is missing or wrong, or librdkafka refuses a setting; the message says which, and no
    /// secret.</exception>
    public static KafkaAddress Read(string? brokers, string? topic, string? file)
    {
        Dictionary<string, string> settings = file is null ? [] : KafkaProperties.Read(file);
        brokers = Once("bootstrap.servers", brokers, settings)
            ?? throw new FormatException("No broker of Kafka is named: set bootstrap.servers=HOST:PORT in the file of settings.");
        topic = Once("topic", topic, settings) ?? throw new FormatException("No topic of Kafka is named: set topic=NAME in the file of settings.");
        foreach (string broker in brokers.Split(','))
        {
            CheckBroker(broker.Trim());
        }
        if (!TopicName().IsMatch(topic))
        {
            throw new FormatException($"{Shown(topic)} is no topic's name: it has 1 to 249 letters, digits, '.', '_' and '-'.");
        }
        if (s_decided.FirstOrDefault(settings.ContainsKey) is { } decided)
        {
            throw new FormatException($"{decided} cannot be set: where reading stands is in the platform's own log. Leave it out.");
        }
        var address = new KafkaAddress(brokers, topic, settings);
        address.Check();
        return address;
    }

    /// <inheritdoc/>
    public override string ToString() => $"topic '{Topic}' at {Brokers}";

    /// <summary>A text of librdkafka without the secrets that the settings hold.</summary>
    internal string Redacted(string text)
    {
        foreach ((string name, string value) in _settings)
        {
            if (value.Length > 0 && Array.Exists(s_secretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)))
            {
                text = text.Replace(value, "***", StringComparison.Ordinal);
            }
        }
        return text.ReplaceLineEndings(" ").Trim();
    }

    /// <summary>Lets librdkafka look at every setting, so that a wrong one is told at once and not as a broker that is away.</summary>
    private void Check()
    {
        try
        {
            KafkaClient.Consumer(this, new KafkaOptions(), partitions: 1).Dispose();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new FormatException($"librdkafka refuses a setting: {Redacted(e.Message)}. Its CONFIGURATION.md lists what there is.");
        }
        catch (DllNotFoundException e)
        {
            throw new FormatException($"librdkafka, which reads Kafka, cannot be loaded on this system: {e.Message}", e);
        }
    }

    /// <summary>What is given in one of two places.</summary>
    private static string? Once(string name, string? given, Dictionary<string, string> settings)
    {
        if (settings.Remove(name, out string? ofFile) && given is not null && given.Trim() != ofFile)
        {
            throw new FormatException($"{name} is {Shown(ofFile)} in the file of settings, and {Shown(given)} was asked for: leave one of the two out.");
        }
        return string.IsNullOrWhiteSpace(given ?? ofFile) ? null : (given ?? ofFile)!.Trim();
    }

    private static void CheckBroker(string broker)
    {
        string host = broker[(broker.IndexOf("://", StringComparison.Ordinal) is var scheme && scheme >= 0 ? scheme + 3 : 0)..];
        int colon = host.LastIndexOf(':');
        bool hasPort = colon > host.LastIndexOf(']');
        if (Uri.CheckHostName(hasPort ? host[..colon] : host) == UriHostNameType.Unknown || (hasPort
            && !(ushort.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0)))
        {
            throw new FormatException($"{Shown(broker)} is no broker of Kafka: write HOST or HOST:PORT, several with commas between them.");
        }
    }

    // Somebody's password pasted into the wrong place must not come back in a message.
    private static string Shown(string text) => text.Length <= 64 && Harmless().IsMatch(text) ? $"'{text}'" : "What was given";

    [GeneratedRegex(@"^[a-zA-Z0-9._-]{1,249}$")]
    private static partial Regex TopicName();

    [GeneratedRegex(@"^[a-zA-Z0-9._:/,\[\]-]*$")]
    private static partial Regex Harmless();
}
