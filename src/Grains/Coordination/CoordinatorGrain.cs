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
    // On their way to another silo at this grain's own word, until they answer from there.
    private readonly HashSet<(int Partition, bool Reader)> _moving = [];
    // What silos can carry as their shards say, which is less than at their start once a device failed.
    private readonly Dictionary<SiloAddress, double> _weights = [];
    private SiloAddress?[] _shards = [], _readers = [];
    private HashSet<SiloAddress> _members = [];
    private int _quiet;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shards = new SiloAddress?[engine.Log.PartitionCount];
        _readers = new SiloAddress?[engine.Log.PartitionCount];
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
        bool moving = _moving.Contains((partition, reader));
        try
        {
            SiloAddress? place;
            if (reader)
            {
                place = (await GrainFactory.GetGrain<IPartitionReaderGrain>(partition).KeepReading()).Silo;
            }
            else
            {
                ShardStatus status = await GrainFactory.GetGrain<IShardGrain>(partition).Status();
                place = status.Ready ? status.Silo : null;
                if (status.Weight > 0)
                {
                    _weights[status.Silo] = status.Weight;
                }
            }
            // Asked before it was told to move, it says where it was.
            if (moving == _moving.Contains((partition, reader)))
            {
                (reader ? _readers : _shards)[partition] = place;
                if (place is not null)
                {
                    _moving.Remove((partition, reader));
                }
            }
        }
        catch (Exception e)
        {
            // Lost with its silo, most likely. The next round asks again, and finds it elsewhere.
            (reader ? _readers : _shards)[partition] = null;
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
        bool settled = members.SetEquals(_members) && IsSettled(_shards, reader: false) && IsSettled(_readers, reader: true);
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
            // One at a time, and the next one when this one is served again: a worker that joins has its share soon, and what is
            // not served meanwhile is one partition.
            if (IsKnown(_shards) && Balance.Next(_shards!, SiloWeight.Of(With(SiloRoles.Worker), metadata, _weights)) is { } shard)
            {
                _moving.Add((shard.Partition, false));
                _shards[shard.Partition] = null;
                await GrainFactory.GetGrain<IShardGrain>(shard.Partition).Move(shard.Target);
            }
            if (IsKnown(_readers) && Balance.Next(_readers!, SiloWeight.Equal(With(SiloRoles.Ingest))) is { } reader)
            {
                _moving.Add((reader.Partition, true));
                _readers[reader.Partition] = null;
                await GrainFactory.GetGrain<IPartitionReaderGrain>(reader.Partition).Move(reader.Target);
            }
        }
        catch (Exception e)
        {
            _quiet = 0;
            _moving.Clear();
            LogNotMoved(e.Message);
        }
    }

    private static bool IsKnown(SiloAddress?[] places) => Array.TrueForAll(places, p => p is not null);

    /// <summary>True when every partition has answered, but for one that is moving, which is no sign of trouble.</summary>
    private bool IsSettled(SiloAddress?[] places, bool reader) =>
        Enumerable.Range(0, places.Length).All(p => places[p] is not null || _moving.Contains((p, reader)));

    private SiloAddress[] With(string role) =>
        [.. _members.Where(s => SiloRoles.Has(metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault(SiloRoles.MetadataKey), role))];

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Kind} of partition {Partition} does not answer: {Problem}")]
    private partial void LogNoAnswer(string kind, int partition, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A partition could not be moved: {Problem}")]
    private partial void LogNotMoved(string problem);
}
