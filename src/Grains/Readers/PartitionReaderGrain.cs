using Foretell.Engine;
using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Readers;

/// <summary>Identity and placement for the <see cref="PartitionReader"/> of one partition.</summary>
[Reentrant, KeepAlive, Immovable, SiloRole(SiloRoles.Ingest), PartitionPlacement(byWeight: false)]
internal sealed class PartitionReaderGrain(SiloEngine engine, ILocalSiloDetails silo, TimeProvider time) : Grain, IPartitionReaderGrain
{
    private readonly CancellationTokenSource _stop = new();
    private PartitionReader _reader = null!;
    private Task _loop = Task.CompletedTask;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        int partition = engine.CheckPartition(this.GetPrimaryKeyLong());
        _reader = new PartitionReader(partition, engine.Log, GrainFactory.GetGrain<IShardGrain>(partition), engine.Options, time);
        _loop = Background.Run(() => _reader.RunAsync(_stop.Token));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Background.EndedAsync(_loop.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public Task<ReaderStatus> KeepReading() => Task.FromResult(new ReaderStatus(silo.SiloAddress, _reader.Position, _reader.Problem));

    /// <inheritdoc/>
    public Task Move(SiloAddress target)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        MigrateOnIdle();
        return Task.CompletedTask;
    }
}
