using System.Buffers.Binary;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Grains.Contracts;
using Foretell.Grains.Feeds;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Shards;

/// <summary>Identity, placement and single activation for the <see cref="Shard"/> of one partition.</summary>
/// <remarks>
/// Orleans keeps one activation while the cluster agrees about its members; where it does not, epoch and lease
/// decide (law 3). Reentrant, so that queries are answered between the slices of a batch.
/// </remarks>
[Reentrant, KeepAlive, Immovable, SiloRole(SiloRoles.Worker), PartitionPlacement(byWeight: true)]
internal sealed partial class ShardGrain(SiloEngine engine, FeedStreams streams, ILocalSiloDetails silo, TimeProvider time,
    ILogger<ShardGrain> log)
    : Grain, IShardGrain
{
    private static readonly TimeSpan s_longPoll = TimeSpan.FromSeconds(1);

    // A message of many megabytes would keep everything else waiting behind it.
    private const int DigestRows = 16 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private PartitionHost _host = null!;
    private ShardInbox _inbox = null!;
    private ChangePublisher _changes = null!;
    private Task _leaving = Task.CompletedTask;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        int partition = engine.CheckPartition(this.GetPrimaryKeyLong());
        _host = new PartitionHost(new Shard(partition, engine.Model, engine.AlertRule, engine.Options.Partition.Time), engine.Log,
            engine.Store, engine.Options.Partition, log);
        _inbox = new ShardInbox(_host, engine.Workers);
        _changes = new ChangePublisher(_host, streams.Changes, time);
        engine.Add(_host);
        // Beside the activation: a big partition takes longer to load than any call may.
        _host.Start();
        _leaving = Background.Run(LeaveWhenLostAsync);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        engine.Remove(_host);
        await _stop.CancelAsync();
        await _host.StopAsync(reason.Description, cancellationToken);
        await Background.EndedAsync(_leaving);
        await _changes.DisposeAsync();
        _stop.Dispose();
    }

    /// <inheritdoc/>
    public Task<ReaderAnswer> Resume() => Guard(async () =>
    {
        await _host.ConfirmAsync(_stop.Token);
        _host.Serving();
        return new ReaderAnswer(true, _host.Epoch, _inbox.Position);
    });

    /// <inheritdoc/>
    public Task<ReaderAnswer> Apply(ReaderBatch batch) => Guard(async () =>
    {
        _host.Serving();
        bool accepted = await _inbox.ApplyAsync(batch);
        return new ReaderAnswer(accepted, _host.Epoch, _inbox.Position);
    });

    /// <inheritdoc/>
    public Task<StreamState?> Find(string stream) => Guard(() => Task.FromResult(
        _host.Answer(shard => shard.Find(System.Text.Encoding.UTF8.GetBytes(stream))) is { } found
            ? StreamState.Of(found, engine.Model.Model) : null));

    /// <inheritdoc/>
    public Task<OverdueRow[]> Overdue(long atTicks, int limit) => Overdue(new OverdueQuestion(atTicks, limit) { WithGone = true });

    /// <inheritdoc/>
    public Task<OverdueRow[]> Overdue(OverdueRequest request) => Overdue(request.ToQuestion());

    private Task<OverdueRow[]> Overdue(OverdueQuestion question) => Guard(() => Background.Run(() => _host.Answer(shard =>
    {
        var scan = new OverdueScan(engine.Model.Forecaster, question);
        scan.Scan(shard, _stop.Token);
        return scan.Result().Select(OverdueRow.Of).ToArray();
    }), _stop.Token));

    /// <inheritdoc/>
    public Task<DeadLetterRow[]> DeadLetters(int limit) => Guard(async () =>
    {
        IReadOnlyList<DeadLetter> letters = await _host.DeadLettersAsync(limit, _stop.Token);
        return letters.Select(DeadLetterRow.Of).ToArray();
    });

    /// <inheritdoc/>
    public Task<byte[]> Calibration() => Guard(() => Task.FromResult(_host.Answer(shard => shard.Calibration()).ToBytes()));

    /// <inheritdoc/>
    public Task<DigestPage> Digests(int first) => Guard(() => Background.Run(() => _host.Answer(shard =>
    {
        var digest = new PlatformDigest();
        int rows = digest.Add(shard, first, DigestRows, _stop.Token);
        byte[] keys = new byte[digest.Entries.Sum(e => sizeof(ushort) + e.Key.Length)];
        Span<byte> rest = keys;
        foreach ((byte[] key, _) in digest.Entries)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)key.Length);
            key.CopyTo(rest[sizeof(ushort)..]);
            rest = rest[(sizeof(ushort) + key.Length)..];
        }
        return new DigestPage(rows, keys, [.. digest.Entries.SelectMany(e => e.Digest)]);
    }), _stop.Token));

    /// <inheritdoc/>
    public Task<ShardStatus> Status() =>
        Task.FromResult(ShardStatus.Of(_host.Report(), engine, _host.Epoch, silo.SiloAddress, IsServing()));

    /// <inheritdoc/>
    public Task<ShardStatus> WaitApplied(long sequence) => Guard(async () =>
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(s_longPoll);
        try
        {
            await _host.Applied.WaitAsync(sequence, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller asks again; a call that lasts too long could not be told from a lost one.
        }
        _host.Serving();
        return ShardStatus.Of(_host.Report(), engine, _host.Epoch, silo.SiloAddress, ready: true);
    });

    /// <inheritdoc/>
    public Task<Subscribed> Subscribe(string stream, string gateway) => Guard(() => Task.FromResult(_changes.Subscribe(stream, gateway)));

    /// <inheritdoc/>
    public Task Move(SiloAddress target)
    {
        LogMoving(_host.Shard.Partition, target);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    private bool IsServing()
    {
        try
        {
            _host.Serving();
            return true;
        }
        catch (PlatformUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Makes room for the next activation once another owner has the partition.</summary>
    private async Task LeaveWhenLostAsync()
    {
        Exception cause = await _host.Lost;
        if (_stop.IsCancellationRequested)
        {
            return;
        }
        if (cause is StaleEpochException)
        {
            GrainContext.Deactivate(
                new DeactivationReason(DeactivationReasonCode.ApplicationRequested, cause, "Another owner has the partition."));
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

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition} moves to {Target}.")]
    private partial void LogMoving(int partition, SiloAddress target);
}
