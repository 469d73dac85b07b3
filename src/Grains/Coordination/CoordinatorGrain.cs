using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Foretell.Grains.Coordination;

/// <summary>Asks every reader and every shard once a second how it fares, which is what makes them exist, and evens out their
/// places.</summary>
[Reentrant, KeepAlive, Immovable]
internal sealed partial class CoordinatorGrain(SiloEngine engine, ISiloStatusOracle silos, ISiloMetadataCache metadata,
    ILogger<CoordinatorGrain> log)
    : Grain, ICoordinatorGrain
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    private readonly HashSet<(int Partition, bool Reader)> _asked = [];
    // What silos can carry as their shards say, which is less than at their start once a device failed.
    private readonly Dictionary<SiloAddress, double> _weights = [];
    private readonly Places _shards = new(), _readers = new();
    private HashSet<SiloAddress> _members = [];
    private int _quiet;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shards.Count = _readers.Count = engine.Log.PartitionCount;
        this.RegisterGrainTimer(RoundAsync, new GrainTimerCreationOptions(TimeSpan.Zero, s_period) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Ping() => Task.CompletedTask;

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        Untraced.Enter();
        for (int partition = 0; partition < engine.Log.PartitionCount; partition++)
        {
            // One question at a time each: those that nobody answers must not pile up.
            _ = AskAsync(partition, reader: true);
            _ = AskAsync(partition, reader: false);
        }
        await EvenOutAsync();
    }

    private async Task AskAsync(int partition, bool reader)
    {
        if (!_asked.Add((partition, reader)))
        {
            return;
        }
        Places places = reader ? _readers : _shards;
        bool moving = places.IsMoving(partition);
        try
        {
            if (reader)
            {
                places.Found(partition, (await GrainFactory.GetGrain<IPartitionReaderGrain>(partition).KeepReading()).Silo, moving);
            }
            else
            {
                ShardStatus status = await GrainFactory.GetGrain<IShardGrain>(partition).Status();
                places.Found(partition, status.Ready ? status.Silo : null, moving);
                if (status.Weight > 0)
                {
                    _weights[status.Silo] = status.Weight;
                }
            }
        }
        catch (Exception e)
        {
            // Lost with its silo, most likely. The next round asks again, and finds it elsewhere.
            places.Lost(partition);
            LogNoAnswer(reader ? "reader" : "shard", partition, e.Message);
        }
        finally
        {
            _asked.Remove((partition, reader));
        }
    }

    private async Task EvenOutAsync()
    {
        HashSet<SiloAddress> members = [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys];
        bool settled = members.SetEquals(_members) && _shards.IsSettled && _readers.IsSettled;
        _members = members;
        foreach (SiloAddress gone in _weights.Keys.Except(members).ToArray())
        {
            _weights.Remove(gone);
        }
        _quiet = settled ? _quiet + 1 : 0;
        // Moving costs a commit and a load. A member that comes and goes must not set partitions in motion.
        if (_quiet < engine.Options.QuietRounds)
        {
            return;
        }
        try
        {
            await _shards.EvenOutAsync(SiloWeight.Of(With(SiloRoles.Worker), metadata, _weights),
                (partition, target) => GrainFactory.GetGrain<IShardGrain>(partition).Move(target));
            await _readers.EvenOutAsync(SiloWeight.Equal(With(SiloRoles.Ingest)),
                (partition, target) => GrainFactory.GetGrain<IPartitionReaderGrain>(partition).Move(target));
        }
        catch (Exception e)
        {
            _quiet = 0;
            LogNotMoved(e.Message);
        }
    }

    private SiloAddress[] With(string role) =>
        [.. _members.Where(s => SiloRoles.Has(metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault(SiloRoles.MetadataKey), role))];

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Kind} of partition {Partition} does not answer: {Problem}")]
    private partial void LogNoAnswer(string kind, int partition, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A partition could not be moved: {Problem}")]
    private partial void LogNotMoved(string problem);
}
