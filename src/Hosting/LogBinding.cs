using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Network;

namespace Foretell.Hosting;

/// <summary>Ties a log to the model and the policy that its records are read by; both stand in the log itself.</summary>
public static class LogBinding
{
    /// <summary>Writes model and policy into the log, unless they are there already: a log that cannot be written can be served.</summary>
    /// <param name="log">The log.</param>
    /// <param name="model">Model that is to advance every stream.</param>
    /// <param name="lateTolerance">How late an event may be; null keeps what the log says.</param>
    /// <param name="futureTolerance">How far ahead of its append an event may be; null keeps what the log says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null; or the id of the other model that the log belongs to, and then nothing was written.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be read or written now.</exception>
    public static Task<string?> BindAsync(
        IEventLog log, ForecastModel model, TimeSpan? lateTolerance, TimeSpan? futureTolerance, CancellationToken cancellationToken) =>
        BindAsync(log, model, lateTolerance, futureTolerance, null, null, cancellationToken);

    /// <summary>The same, with a quota of streams.</summary>
    /// <param name="log">The log.</param>
    /// <param name="model">Model that is to advance every stream.</param>
    /// <param name="lateTolerance">How late an event may be; null keeps what the log says.</param>
    /// <param name="futureTolerance">How far ahead of its append an event may be; null keeps what the log says.</param>
    /// <param name="maxStreams">Streams of all partitions, at most; 0 for any number, null with null behind it keeps what the log
    /// says.</param>
    /// <param name="maxNewStreams">New streams of all partitions in a minute, at most, likewise.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null; or the id of the other model that the log belongs to, and then nothing was written.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be read or written now.</exception>
    /// <exception cref="InvalidDataException">The log is damaged.</exception>
    public static async Task<string?> BindAsync(IEventLog log, ForecastModel model, TimeSpan? lateTolerance, TimeSpan? futureTolerance,
        long? maxStreams, long? maxNewStreams, CancellationToken cancellationToken)
    {
        string? found = await log.FindControlAsync(ControlRecord.Model, cancellationToken);
        if (found is not null && found != model.Id)
        {
            return found;
        }
        if (found is null)
        {
            await log.AppendControlAsync(ControlRecord.Model, model.Id, cancellationToken);
        }
        string? written = await log.FindControlAsync(ControlRecord.Policy, cancellationToken);
        EventTimePolicy inForce = written is not null ? EventTimePolicy.Parse(written) : EventTimePolicy.OfNewLogs;
        EventTimePolicy policy = inForce with
        {
            LateTolerance = lateTolerance ?? inForce.LateTolerance, FutureTolerance = futureTolerance ?? inForce.FutureTolerance,
            Quota = maxStreams is null && maxNewStreams is null ? inForce.Quota
                : StreamQuota.Share(maxStreams ?? 0, maxNewStreams ?? 0, log.PartitionCount),
        };
        if (policy.ToString() != written)
        {
            await log.AppendControlAsync(ControlRecord.Policy, policy.ToString(), cancellationToken);
        }
        return null;
    }
}
