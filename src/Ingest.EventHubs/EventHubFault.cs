using System.Net.Sockets;
using Azure.Identity;
using Azure.Messaging.EventHubs;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.EventHubs;

/// <summary>What the client library's failures mean, in sentences.</summary>
internal static class EventHubFault
{
    // A connection that is cut at a bad moment can leave the client library waiting for ever, also where it is closed.
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(10), s_closing = TimeSpan.FromSeconds(5);

    /// <summary>As long as all tries of the client library may take, and some more.</summary>
    public static TimeSpan Limit(EventHubsRetryOptions retry) => retry.TryTimeout * (retry.MaximumRetries + 1) + s_slack;

    /// <summary>Runs a call of the client library, so that it fails with a <see cref="SourceException"/>.</summary>
    public static async Task<T> GuardAsync<T>(EventHubAddress address, EventHubsRetryOptions retry, Func<Task<T>> call,
        CancellationToken cancellationToken)
    {
        try
        {
            return await call().WaitAsync(Limit(retry), cancellationToken);
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
        TimeoutException => new(SourceFault.Unavailable, $"{address.Namespace} has not answered in time.", e),
        OperationCanceledException => new(SourceFault.Unavailable, "the link was cut.", e),
        ArgumentException or FormatException => new(SourceFault.Unavailable, $"Event Hubs does not accept the position: {Text(e)}", e),
        _ => new(SourceFault.Unavailable, Text(e), e),
    };

    /// <summary>Closes what is the client library's, for as long as that may take.</summary>
    public static async Task CloseAsync(ValueTask close)
    {
        try
        {
            await close.AsTask().WaitAsync(s_closing);
        }
        catch (Exception e) when (e is EventHubsException or OperationCanceledException or TimeoutException or SocketException)
        {
            // Of links that are broken already.
        }
    }

    // One line, and without the reference to a troubleshooting page that the library appends.
    internal static string Text(Exception e)
    {
        string text = e.Message.Split("For troubleshooting", 2)[0].Split("For more information", 2)[0].ReplaceLineEndings(" ").Trim();
        return text.EndsWith('.') ? text : text + ".";
    }
}
