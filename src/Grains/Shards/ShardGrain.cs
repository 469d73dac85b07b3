using System.Buffers.Binary;
using Foretell.Streams;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;

namespace Foretell.Grains;

/// <summary>Identity, placement and single activation for the <see cref="Shard"/> of one partition.</summary>
/// <remarks>
/// Orleans keeps one activation while the cluster agrees about its members; where it does not, epoch and lease
/// decide (law 3). Reentrant, so that queries are answered between the slices of a batch.
/// </remarks>
[Reentrant, KeepAlive, SiloRole(SiloRoles.Worker), PartitionPlacement]
internal sealed partial class ShardGrain(SiloEngine engine, FeedStreams streams, ILocalSiloDetails silo, TimeProvider time, ILogger<ShardGrain> log)
    : Grain, IShardGrain
{
    private static readonly TimeSpan s_longPoll = TimeSpan.FromSeconds(1);

    // A message of many megabytes would keep everything else waiting behind it.
    private const int DigestRows = 16 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private ShardOwner _owner = null!;
    private ShardFeed _feed = null!;
    private ChangePublisher _changes = null!;
    private Task _loops = Task.CompletedTask;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        int partition = engine.CheckPartition(this.GetPrimaryKeyLong());
        _owner = new ShardOwner(new Shard(partition, engine.Model, engine.AlertRule), engine.Log, engine.Store, engine.Options.Owner);
        _feed = new ShardFeed(_owner, engine.Workers);
        _changes = new ChangePublisher(_owner, streams.Changes, time);
        engine.Add(_owner);
        // Beside the activation: a big partition takes longer to load than any call may.
        _loops = Task.WhenAll(
            Background.Run(() => LoadAsync(_stop.Token)),
            Background.Run(() => _owner.CommitLoopAsync(_stop.Token)),
            Background.Run(() => _owner.RenewLoopAsync(_stop.Token)),
            Background.Run(LeaveWhenLostAsync));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        engine.Remove(_owner);
        await _stop.CancelAsync();
        if (_owner.Ready.IsCompletedSuccessfully && _owner.Shard.Fenced is null)
        {
            try
            {
                // The next owner begins where this commit ends, instead of replaying the log's tail.
                await _owner.CommitAsync().WaitAsync(cancellationToken);
            }
            catch (Exception e)
            {
                // Nothing is lost: the log holds every event, and the next owner replays it.
                LogNotCommitted(_owner.Shard.Partition, _owner.Shard.Position, e.Message);
            }
        }
        _owner.Fence(new ObjectDisposedException(null, $"Partition {_owner.Shard.Partition} is moving to another silo."));
        await Background.EndedAsync(_loops);
        await _changes.DisposeAsync();
        _owner.Dispose();
        _stop.Dispose();
        LogLeft(_owner.Shard.Partition, _owner.Epoch, _owner.Shard.Position, reason.Description);
    }

    /// <inheritdoc/>
    public Task<ReaderAnswer> Resume() => Guard(async () =>
    {
        await _owner.ConfirmAsync(_stop.Token);
        _owner.Serving();
        return new ReaderAnswer(true, _owner.Epoch, _feed.Position);
    });

    /// <inheritdoc/>
    public Task<ReaderAnswer> Apply(ReaderBatch batch) => Guard(async () =>
    {
        _owner.Serving();
        bool accepted = await _feed.ApplyAsync(batch);
        return new ReaderAnswer(accepted, _owner.Epoch, _feed.Position);
    });

    /// <inheritdoc/>
    public Task<StreamState?> Find(string stream) => Guard(() => Task.FromResult(
        _owner.Answer(shard => shard.Find(System.Text.Encoding.UTF8.GetBytes(stream))) is { } found ? StreamState.Of(found) : null));

    /// <inheritdoc/>
    public Task<OverdueRow[]> Overdue(long atTicks, int limit) => Guard(() => Task.Run(() => _owner.Answer(shard =>
    {
        var scan = new OverdueScan(engine.Model, atTicks, limit);
        scan.Scan(shard, _stop.Token);
        return scan.Result().Select(OverdueRow.Of).ToArray();
    })));

    /// <inheritdoc/>
    public Task<DeadLetterRow[]> DeadLetters(int limit) => Guard(async () =>
    {
        // First those in memory, then those in the store: a commit in between shows one twice, and never none.
        DeadLetter[] uncommitted = _owner.Answer(shard => shard.UncommittedDeadLetters());
        IReadOnlyList<DeadLetter> committed = await engine.Store.ReadDeadLettersAsync(_owner.Shard.Partition, limit, _stop.Token);
        _owner.Serving();
        return uncommitted.Concat(committed).DistinctBy(l => l.Sequence).OrderByDescending(l => l.Sequence).Take(limit)
            .Select(DeadLetterRow.Of).ToArray();
    });

    /// <inheritdoc/>
    public Task<byte[]> Calibration() => Guard(() => Task.FromResult(_owner.Answer(shard => shard.Calibration()).ToBytes()));

    /// <inheritdoc/>
    public Task<DigestPage> Digests(int first) => Guard(() => Task.Run(() => _owner.Answer(shard =>
    {
        var digest = new PlatformDigest();
        int rows = digest.Add(shard, engine.Model, first, DigestRows, _stop.Token);
        byte[] keys = new byte[digest.Entries.Sum(e => sizeof(ushort) + e.Key.Length)];
        Span<byte> rest = keys;
        foreach ((byte[] key, _) in digest.Entries)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)key.Length);
            key.CopyTo(rest[sizeof(ushort)..]);
            rest = rest[(sizeof(ushort) + key.Length)..];
        }
        return new DigestPage(rows, keys, [.. digest.Entries.SelectMany(e => e.Digest)]);
    })));

    /// <inheritdoc/>
    public Task<ShardStatus> Status() => Task.FromResult(ShardStatus.Of(_owner, silo.SiloAddress, IsServing()));

    /// <inheritdoc/>
    public Task<ShardStatus> WaitApplied(long sequence) => Guard(async () =>
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(s_longPoll);
        try
        {
            await _owner.Applied.WaitAsync(sequence, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller asks again; a call that lasts too long could not be told from a lost one.
        }
        _owner.Serving();
        return ShardStatus.Of(_owner, silo.SiloAddress, ready: true);
    });

    /// <inheritdoc/>
    public Task<Subscribed> Subscribe(string stream, string gateway) => Guard(() => Task.FromResult(_changes.Subscribe(stream, gateway)));

    /// <inheritdoc/>
    public Task Move(SiloAddress target)
    {
        LogMoving(_owner.Shard.Partition, target);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    private bool IsServing()
    {
        try
        {
            _owner.Serving();
            return true;
        }
        catch (PlatformUnavailableException)
        {
            return false;
        }
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        try
        {
            await _owner.LoadAsync(stop);
            LogOwns(_owner.Shard.Partition, _owner.Epoch, _owner.Shard.Position, _owner.Shard.Counts().Streams);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _owner.CancelLoading(stop);
        }
        catch (Exception e)
        {
            _owner.Fence(e);
        }
    }

    /// <summary>Makes room for the next activation once another owner has the partition.</summary>
    private async Task LeaveWhenLostAsync()
    {
        Exception cause = await _owner.Lost;
        if (_stop.IsCancellationRequested)
        {
            return;
        }
        LogLost(_owner.Shard.Partition, _owner.Epoch, _owner.Shard.Position, cause.Message);
        if (cause is StaleEpochException)
        {
            GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, cause, "Another owner has the partition."));
        }
        // Rows or records that cannot be read are no better anywhere else: the activation stays and says why.
    }

    /// <summary>Exceptions of our own do not cross silos; this one does.</summary>
    private static async Task<T> Guard<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is PlatformUnavailableException or ObjectDisposedException or OperationCanceledException)
        {
            throw new ShardUnavailableException(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition} is served here: epoch {Epoch}, position {Sequence}, {Streams} streams.")]
    private partial void LogOwns(int partition, long epoch, long sequence, int streams);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition} stopped here (epoch {Epoch}, position {Sequence}): {Cause}")]
    private partial void LogLost(int partition, long epoch, long sequence, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition} was not committed on leaving at position {Sequence}; its next owner replays the log: {Problem}")]
    private partial void LogNotCommitted(int partition, long sequence, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition} left this silo (epoch {Epoch}, position {Sequence}): {Reason}")]
    private partial void LogLeft(int partition, long epoch, long sequence, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition} moves to {Target}.")]
    private partial void LogMoving(int partition, SiloAddress target);
}
