using Foretell.Engine;
using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Ingest.Sinks;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Foretell.Grains.Sinks;

/// <summary>Identity and placement for the <see cref="SinkPump"/> of one feed of a sink.</summary>
/// <remarks>Where a silo that is cut off goes on with a publisher that lives elsewhere by now, the epoch in the log decides: the later one
/// moves the place, and what the other one still publishes is a repeat.</remarks>
[Reentrant, KeepAlive, Immovable, SiloRole(SiloRoles.Ingest)]
internal sealed class SinkGrain(SiloEngine engine, IPlatform platform, TimeProvider time, ILogger<SinkPump> log) : Grain, ISinkGrain
{
    private readonly CancellationTokenSource _stop = new();
    private SinkPump _pump = null!;
    private Task _loop = Task.CompletedTask;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString();
        foreach ((string name, SinkSetup setup) in engine.Sinks)
        {
            foreach ((string feed, Func<IPlatform, ISinkFeed> create) in setup.Feeds)
            {
                if (SinkSetup.KeyOf(name, feed) == key)
                {
                    _pump = new SinkPump(setup.Sink, create(platform), engine.Log, setup.Options, time, log);
                }
            }
        }
        if (_pump is not { } pump)
        {
            throw new InvalidOperationException($"This silo's settings have no sink '{key}': all silos need the same sinks.");
        }
        _loop = Background.Run(() =>
        {
            Untraced.Enter();
            return pump.RunAsync(_stop.Token);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<SinkStatus> KeepPublishing() => Task.FromResult(SinkStatus.Of(_pump.Progress));

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Background.EndedAsync(_loop.WaitAsync(cancellationToken));
    }
}
