using Azure.Messaging.EventHubs;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.EventHubs;

/// <summary>A hub of Azure Event Hubs that is published to.</summary>
/// <param name="name">Name by which the log knows it.</param>
/// <param name="address">The hub.</param>
/// <param name="retry">What the client library tries again by itself; null for a few times, since whoever publishes sees a failure, says
/// it and goes on trying.</param>
public sealed class EventHubSink(string name, EventHubAddress address, EventHubsRetryOptions? retry = null) : IMessageSink
{
    // Made here, it connects when it is needed.
    private readonly EventHubConnection _connection = address.Connect();

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => address.ToString();

    /// <inheritdoc/>
    public IMessagePublisher Open() => new EventHubPublisher(address, _connection, retry ?? new EventHubOptions().Retry);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
