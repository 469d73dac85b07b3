using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Microsoft.Extensions.Hosting;

namespace Foretell.Grains.Coordination;

/// <summary>Pings the coordinator from every silo, so that it exists as long as any silo does.</summary>
internal sealed class Heartbeat(IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await PingAsync(stoppingToken);
            await Task.Delay(s_period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PingAsync(CancellationToken stoppingToken)
    {
        Untraced.Enter();
        try
        {
            await grains.GetGrain<ICoordinatorGrain>(0).Ping().WaitAsync(stoppingToken);
        }
        catch (Exception)
        {
            // Its silo was lost, or ours is on its way in or out: the next ping finds or makes another one.
        }
    }
}
