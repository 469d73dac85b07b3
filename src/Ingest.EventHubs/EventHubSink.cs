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
    private static readonly EventHubsRetryOptions s_retry = new()
    {
        MaximumRetries = 2,
        Delay = TimeSpan.FromMilliseconds(300),
        MaximumDelay = TimeSpan.FromSeconds(5),
        TryTimeout = TimeSpan.FromSeconds(10),
    };

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => address.ToString();

    /// <inheritdoc/>
    public IMessagePublisher Open() => new EventHubPublisher(address, retry ?? s_retry);

    /// <summary>Nothing to do: connections are the publishers'.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
