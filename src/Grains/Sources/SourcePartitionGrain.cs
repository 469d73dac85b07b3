using Foretell.Engine;
using Foretell.Grains.Cluster;
using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Ingest.Sources;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Sources;

/// <summary>Identity and placement for the <see cref="SourcePump"/> of one partition of a source.</summary>
/// <remarks>Where a silo that is cut off goes on with a reader that lives elsewhere by now, the epoch in the log decides: the later one
/// appends, the other one is refused.</remarks>
[Reentrant, KeepAlive, Immovable, SiloRole(SiloRoles.Ingest), PartitionPlacement(byWeight: false)]
internal sealed class SourcePartitionGrain(SiloEngine engine, ClusterStatus cluster, ILocalSiloDetails silo, TimeProvider time,
    ILogger<SourcePump> log) : Grain, ISourcePartitionGrain
{
    private readonly CancellationTokenSource _stop = new();
    private SourcePump? _pump;
    private Task _loop = Task.CompletedTask;

    /// <inheritdoc/>
    public Task<SourcePartitionStatus> KeepReading(string partition)
    {
        if (_pump is null)
        {
            this.GetPrimaryKeyLong(out string? name);
            SourceSetup setup = engine.Sources.GetValueOrDefault(name ?? "")
                ?? throw new InvalidOperationException($"This silo's settings have no source '{name}': all silos need the same sources.");
            SourcePump pump = _pump = new SourcePump(setup.Source, partition, engine.Log, setup.CreateDecoder(), setup.Options,
                () => cluster.LagEvents, time, log);
            _loop = Background.Run(() =>
            {
                Untraced.Enter();
                return pump.RunAsync(_stop.Token);
            });
        }
        return Task.FromResult(SourcePartitionStatus.Of(_pump.Progress, silo.SiloAddress));
    }

    /// <inheritdoc/>
    public Task Move(SiloAddress target)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Background.EndedAsync(_loop.WaitAsync(cancellationToken));
    }
}
