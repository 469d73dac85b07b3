using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Shards;

namespace Foretell.Hosting;

/// <content>Alerts: handed out while the lease holds.</content>
public sealed partial class PartitionHost
{
    private readonly List<Alert> _alerts = [];

    /// <summary>Looks which streams have become overdue, and hands the alerts out while the lease holds. One caller at a time,
    /// once a tick of the rule.</summary>
    /// <param name="publish">Takes the alerts; where it fails with <see cref="PlatformUnavailableException"/> they are handed out
    /// again at the next call.</param>
    public async Task RaiseAlertsAsync(Func<IReadOnlyList<Alert>, Task> publish)
    {
        if (!_ready.Task.IsCompletedSuccessfully || Shard.Fenced is not null || !_lease.IsValid)
        {
            return;
        }
        try
        {
            // The time first: what the log takes after it is not part of "caught up". A log that cannot be followed may hold anything.
            long now = EventTime.FromDateTimeOffset(_options.Time.GetUtcNow());
            bool caughtUp = _log.Problem is null && _log.End(Shard.Partition).Sequence <= Shard.Position;
            Shard.RaiseAlerts(now, caughtUp, _alerts);
            // The process may have been paused above. If the lease comes back, the alerts go out then; if not, another owner raises them.
            if (_alerts.Count > 0 && _lease.IsValid)
            {
                await publish(_alerts);
                _alerts.Clear();
            }
        }
        catch (PlatformUnavailableException)
        {
            // Fenced meanwhile, and the new owner raises them; or they could not be published now.
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }
}
