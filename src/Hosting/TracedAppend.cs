using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Hosting;

/// <summary>An append as a platform's callers see it: within a span, and counted.</summary>
public static class TracedAppend
{
    /// <summary>As <see cref="IEventLog.AppendAsync"/>.</summary>
    public static async Task<AppendReceipt> AppendTracedAsync(
        this IEventLog log, EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.Activities.StartActivity("log append");
        activity?.SetTag("foretell.events", batch.Count);
        AppendReceipt receipt;
        try
        {
            receipt = await log.AppendAsync(batch, request, cancellationToken);
        }
        catch (PlatformUnavailableException)
        {
            Telemetry.AppendFailures.Add(1);
            throw;
        }
        if (!receipt.Replayed)
        {
            Telemetry.EventsAccepted.Add(receipt.Accepted);
        }
        return receipt;
    }
}
