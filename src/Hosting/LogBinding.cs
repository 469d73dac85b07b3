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
    public static async Task<string?> BindAsync(
        IEventLog log, ForecastModel model, TimeSpan? lateTolerance, TimeSpan? futureTolerance, CancellationToken cancellationToken)
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
        };
        if (policy.ToString() != written)
        {
            await log.AppendControlAsync(ControlRecord.Policy, policy.ToString(), cancellationToken);
        }
        return null;
    }
}
