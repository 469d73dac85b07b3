using System.Net.Sockets;
using Azure.Identity;
using Azure.Messaging.EventHubs;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.EventHubs;

/// <summary>What the client library's failures mean, in sentences.</summary>
internal static class EventHubFault
{
    /// <summary>Runs a call of the client library, so that it fails with a <see cref="SourceException"/>.</summary>
    public static async Task<T> GuardAsync<T>(EventHubAddress address, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not SourceException)
        {
            throw Of(address, e);
        }
    }

    /// <summary>The failure as the platform knows it.</summary>
    public static SourceException Of(EventHubAddress address, Exception e) => e switch
    {
        EventHubsException { Reason: EventHubsException.FailureReason.ConsumerDisconnected } =>
            new(SourceFault.Taken, "another reader with a higher epoch has the partition.", e),
        EventHubsException { Reason: EventHubsException.FailureReason.ResourceNotFound } =>
            new(SourceFault.NotFound, $"there is no {address}, or no such consumer group or partition in it: {Text(e)} Check the names.", e),
        EventHubsException { Reason: EventHubsException.FailureReason.QuotaExceeded } =>
            new(SourceFault.Unavailable, $"Event Hubs' quota is used up: {Text(e)} Readers without an epoch, five at most, may be one cause.", e),
        EventHubsException { Reason: EventHubsException.FailureReason.ServiceBusy } =>
            new(SourceFault.Unavailable, "Event Hubs is busy (throttled): more throughput units would help if this stays.", e),
        UnauthorizedAccessException or AuthenticationFailedException => new(SourceFault.Refused,
            $"Event Hubs refuses the credentials: {Text(e)} Reading needs the right to listen (role Azure Event Hubs Data Receiver).", e),
        SocketException => new(SourceFault.Unavailable, $"{address.Namespace} cannot be reached: {Text(e)}", e),
        OperationCanceledException => new(SourceFault.Unavailable, "the link was cut.", e),
        ArgumentException or FormatException => new(SourceFault.Unavailable, $"Event Hubs does not accept the position: {Text(e)}", e),
        _ => new(SourceFault.Unavailable, Text(e), e),
    };

    // One line, and without the reference to a troubleshooting page that the library appends.
    internal static string Text(Exception e)
    {
        string text = e.Message.Split("For troubleshooting", 2)[0].Split("For more information", 2)[0].ReplaceLineEndings(" ").Trim();
        return text.EndsWith('.') ? text : text + ".";
    }
}
