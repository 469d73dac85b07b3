using Foretell.Engine.Events;

namespace Foretell.Ingest.Messages;

/// <summary>One message of a broker (an event of Event Hubs, a record of Kafka) as its source hands it over.</summary>
/// <remarks>A value, so that it costs no allocation. Body and properties need to hold only while the message is decoded.</remarks>
public readonly record struct BrokerMessage
{
    /// <summary>Its place in the broker's partition: sequence number or offset.</summary>
    public required long Number { get; init; }

    /// <summary>When the broker took it (<see cref="EventTime"/>).</summary>
    public required long EnqueuedTicks { get; init; }

    /// <summary>The key that chose its partition; null for none.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>Media type of its body, with or without parameters; null for none.</summary>
    public string? ContentType { get; init; }

    /// <summary>Its body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What its sender wrote beside the body: application properties, headers. Null for none. A header of bytes is a byte[] and
    /// read as UTF-8.</summary>
    public IReadOnlyDictionary<string, object?>? Properties { get; init; }

    /// <summary>Why there is no body in bytes, a sentence for the sender; null where there is one. It refuses the message only where its
    /// body is needed.</summary>
    public string? Unreadable { get; init; }
}
