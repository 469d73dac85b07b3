using Foretell.Engine.Alerts;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Microsoft.Extensions.Hosting;

namespace Foretell.Grains.Feeds;

/// <summary>Raises the alerts of the shards that live on this silo: first into the log of alerts, then to the gateways.</summary>
/// <remarks>One timer for all shards: a tick of a wheel that holds nothing due costs next to nothing.</remarks>
internal sealed class AlertRaiser(SiloEngine engine, FeedStreams streams, TimeProvider time) : BackgroundService
{
    // Rows in one transaction and in one push.
    private const int BatchSize = 512;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (engine.Alerts is not { } log || !engine.AlertRule.IsOn)
        {
            return;
        }
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(engine.LocalPartitions.Select(host => engine.Workers.Run(() => RaiseAsync(host, log))));
            await Task.Delay(engine.AlertRule.Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task RaiseAsync(PartitionHost host, IAlertLog log) => host.RaiseAlertsAsync(async alerts =>
    {
        foreach (Alert[] batch in alerts.Chunk(BatchSize))
        {
            await PushAsync(await log.AppendAsync(host.Shard.Partition, host.Epoch, batch, CancellationToken.None));
        }
    });

    /// <summary>Tells the gateways at once. One that misses it finds the alerts in the log a little later.</summary>
    private async Task PushAsync(IReadOnlyList<NumberedAlert> raised)
    {
        if (raised.Count > 0)
        {
            await FeedStreams.PushAsync(() => streams.Alerts.OnNextBatchAsync(raised.Select(AlertRow.Of)), time, CancellationToken.None);
        }
    }
}
