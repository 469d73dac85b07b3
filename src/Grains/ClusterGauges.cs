using Foretell.Grains.Silos;
using Foretell.Hosting;
using Microsoft.Extensions.Hosting;

namespace Foretell.Grains;

/// <summary>Lets the gauges observe the cluster as this silo sees it, while the silo runs.</summary>
internal sealed class ClusterGauges(ClusterPlatform platform, SiloEngine engine) : IHostedService
{
    private IDisposable? _observation;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _observation = PlatformGauges.Observe(platform, engine.Model.Device.Report);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _observation?.Dispose();
        return Task.CompletedTask;
    }
}
