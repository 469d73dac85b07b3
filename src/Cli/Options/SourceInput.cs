using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Cli.Options;

/// <summary>A hub or topic.</summary>
/// <param name="Text">For people; no secrets.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Open">Opens it; nothing is connected before it is asked something.</param>
/// <param name="Section">Section of a silo's settings that brokers of its kind are in.</param>
/// <param name="Settings">What stands there of this one; null for what is not set. Holds secrets.</param>
/// <param name="Hub">Address of a hub of Event Hubs; null for any other broker.</param>
internal sealed record Broker(string Text, string Name, Func<IMessageSource> Open, string Section,
    IReadOnlyDictionary<string, string?> Settings, EventHubAddress? Hub = null);

/// <summary>A broker to read.</summary>
/// <param name="Broker">Which.</param>
/// <param name="From">Where to begin, as it was typed.</param>
/// <param name="Reading">Where to begin, and what to do about losses.</param>
/// <param name="Map">The mapping as it was typed, or null.</param>
/// <param name="Mapping">Where its events hold what; null where they say so themselves.</param>
internal sealed record SourceInput(Broker Broker, string From, SourceOptions Reading, string? Map, MessageMapping? Mapping)
{
    /// <summary>The same for silos, by name without "Foretell:".</summary>
    public Dictionary<string, string> ToSiloSettings()
    {
        // In the environment's names two underlines part a section from what it holds.
        string name = Broker.Name.Replace("__", "_", StringComparison.Ordinal);
        IEnumerable<KeyValuePair<string, string?>> all =
            [.. Broker.Settings, new("From", From), new("OnLoss", Reading.OnLoss.ToString().ToLowerInvariant()), new("Map", Map)];
        return all.Where(s => s.Value is not null).ToDictionary(s => $"{Broker.Section}:{name}:{s.Key}", s => s.Value!);
    }
}
