using System.Net.Sockets;
using Azure.Identity;
using Azure.Messaging.EventHubs;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.EventHubs;

/// <summary>What the client library's failures to send mean, in sentences.</summary>
internal static class EventHubSinkFault
{
    /// <summary>The failure as the platform knows it.</summary>
    public static SinkException Of(EventHubAddress address, Exception e) => e switch
    {
        EventHubsException { Reason: EventHubsException.FailureReason.ResourceNotFound } =>
            new(SinkFault.NotFound, $"there is no {address}: {EventHubFault.Text(e)} Check the names.", e),
        EventHubsException { Reason: EventHubsException.FailureReason.QuotaExceeded } =>
            new(SinkFault.Unavailable, $"Event Hubs' quota is used up: {EventHubFault.Text(e)}", e),
        EventHubsException { Reason: EventHubsException.FailureReason.ServiceBusy } =>
            new(SinkFault.Unavailable, "Event Hubs is busy (throttled): more throughput units would help if this stays.", e),
        UnauthorizedAccessException or AuthenticationFailedException => new(SinkFault.Refused,
            $"Event Hubs refuses the credentials: {EventHubFault.Text(e)} Publishing needs the right to send (role Azure Event Hubs Data Sender).", e),
        SocketException => new(SinkFault.Unavailable, $"{address.Namespace} cannot be reached: {EventHubFault.Text(e)}", e),
        TimeoutException => new(SinkFault.Unavailable, $"{address.Namespace} has not acknowledged in time.", e),
        OperationCanceledException => new(SinkFault.Unavailable, "the link was cut.", e),
        _ => new(SinkFault.Unavailable, EventHubFault.Text(e), e),
    };
}
