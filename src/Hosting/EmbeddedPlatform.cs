using System.Text;
using Foretell.Models;

namespace Foretell.Streams;

/// <summary>The whole platform in one process: shards as plain objects, worker threads; log and stores in SQLite unless the options say otherwise.</summary>
public sealed class EmbeddedPlatform : IPlatform, IAsyncDisposable
{
    private readonly EmbeddedOptions _options;
    private readonly DataDirectoryLock _lock;
    private readonly IEventLog _log;
    private readonly IStateStore _store;
    private readonly ShardRunner[] _runners;
    private readonly WorkerThreads _workers;
    private readonly AlertFeed _alerts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _loops;
    private readonly IDisposable _observation;
    private int _disposed;

    private EmbeddedPlatform(EmbeddedOptions options, DataDirectoryLock directoryLock, IEventLog log)
    {
        (_options, _lock, _log) = (options, directoryLock, log);
        _store = options.OpenStore?.Invoke() ?? new SqliteStateStore(options.DataDirectory);
        _runners = [.. Enumerable.Range(0, log.PartitionCount).Select(p =>
            new ShardRunner(new ShardOwner(new Shard(p, options.Model, options.Alerts), log, _store, options.ToOwnerOptions()), log, options))];
        _workers = new WorkerThreads(options.Threads);
        _loops =
        [
            .. _runners.Select(runner => _workers.Run(() => runner.RunAsync(_stop.Token))),
            .. _runners.Select(runner => Task.Run(() => runner.Owner.CommitLoopAsync(_stop.Token))),
            .. options.Alerts.IsOn ? [_workers.Run(() => AlertLoopAsync(_stop.Token))] : Array.Empty<Task>(),
        ];
        Ready = Task.WhenAll(_runners.Select(runner => runner.Owner.Ready));
        _observation = Telemetry.Observe(Status);
    }

    /// <inheritdoc/>
    public ForecastModel Model => _options.Model;

    /// <inheritdoc/>
    public int PartitionCount => _log.PartitionCount;

    /// <summary>Completes once every shard has loaded its rows; fails with the first shard's reason when one cannot.</summary>
    public Task Ready { get; }

    /// <summary>Opens a data directory, or begins a new one. Returns while the shards still load; see <see cref="Ready"/>.</summary>
    /// <exception cref="DataDirectoryException">The directory is in use, belongs to another model or partition count, or cannot be read.</exception>
    public static async Task<EmbeddedPlatform> OpenAsync(EmbeddedOptions options, CancellationToken cancellationToken = default)
    {
        options.Check();
        DataDirectoryLock directoryLock = DataDirectoryLock.Take(options.DataDirectory);
        IEventLog? log = null;
        try
        {
            log = options.OpenLog is { } open
                ? await open(cancellationToken)
                : SqliteEventLog.Open(Path.Combine(options.DataDirectory, "log.db"), options.Partitions, options.Time);
            string? modelId = await log.FindControlAsync(ControlRecord.Model, cancellationToken);
            if (modelId is not null && modelId != options.Model.Id)
            {
                throw new DataDirectoryException($"The data directory {options.DataDirectory} was made with model {modelId} and cannot be opened with "
                    + $"model {options.Model.Id}. Give it that model, or choose another directory.");
            }
            await log.AppendControlAsync(ControlRecord.Model, options.Model.Id, cancellationToken);
            string? inForce = await log.FindControlAsync(ControlRecord.Policy, cancellationToken);
            EventTimePolicy policy = options.Change(inForce is null ? EventTimePolicy.Default : EventTimePolicy.Parse(inForce));
            await log.AppendControlAsync(ControlRecord.Policy, policy.ToString(), cancellationToken);
            return new EmbeddedPlatform(options, directoryLock, log);
        }
        catch (Exception e)
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            directoryLock.Dispose();
            if (e is PlatformUnavailableException)
            {
                throw new DataDirectoryException($"The data directory {options.DataDirectory} cannot be used: {e.Message}", e);
            }
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.Activities.StartActivity("log append");
        activity?.SetTag("foretell.events", batch.Count);
        AppendReceipt receipt = await _log.AppendAsync(batch, request, cancellationToken);
        if (!receipt.Replayed)
        {
            Telemetry.EventsAccepted.Add(receipt.Accepted);
        }
        return receipt;
    }

    /// <inheritdoc/>
    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        await _log.CheckAsync(position, cancellationToken);
        await Task.WhenAll(position.Parts.Select(part => _runners[part.Partition].Owner.Applied.WaitAsync(part.Sequence, cancellationToken)));
    }

    /// <summary>Waits until everything that is in the log now is applied, then commits it.</summary>
    /// <exception cref="PlatformUnavailableException">A shard stopped, or its store cannot be written now.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await WaitAppliedAsync(new Position([.. Enumerable.Range(0, PartitionCount).Select(p => (p, _log.End(p).Sequence))]), cancellationToken);
        await CommitAsync();
    }

    /// <summary>Commits every shard now.</summary>
    /// <exception cref="PlatformUnavailableException">A shard stopped, or its store cannot be written now.</exception>
    public Task CommitAsync() => Task.WhenAll(_runners.Select(runner => Task.Run(runner.Owner.CommitAsync)));

    /// <inheritdoc/>
    public ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken)
    {
        byte[] key = Encoding.UTF8.GetBytes(stream);
        ShardRunner runner = _runners[EventHubsPartitioner.Partition(key, PartitionCount)];
        return ValueTask.FromResult(runner.Owner.Serving().Find(key));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OverdueStream>> OverdueAsync(long atTicks, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return Task.Run(() =>
        {
            var scan = new OverdueScan(Model, atTicks, limit);
            foreach (ShardRunner runner in _runners)
            {
                scan.Scan(runner.Owner.Serving(), cancellationToken);
            }
            return scan.Result();
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var letters = new Dictionary<(int, long), DeadLetter>();
        foreach (ShardRunner runner in _runners)
        {
            // First those in memory, then those in the store: a commit in between shows one twice, and never none.
            Shard shard = runner.Owner.Serving();
            IEnumerable<DeadLetter> uncommitted = shard.UncommittedDeadLetters();
            foreach (DeadLetter letter in uncommitted.Concat(await _store.ReadDeadLettersAsync(shard.Partition, limit, cancellationToken)))
            {
                letters.TryAdd((letter.Partition, letter.Sequence), letter);
            }
        }
        return [.. letters.Values.OrderByDescending(l => l.AppendTicks).ThenBy(l => l.Partition).ThenByDescending(l => l.Sequence).Take(limit)];
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken)
    {
        int partition = EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(stream), PartitionCount);
        return _runners[partition].Owner.SubscribeAsync(stream, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken) =>
        Task.FromResult(_alerts.SubscribeAsync(after, cancellationToken));

    /// <inheritdoc/>
    public Task<Calibration> CalibrationAsync(CancellationToken cancellationToken)
    {
        var all = new Calibration();
        foreach (ShardRunner runner in _runners)
        {
            all.Add(runner.Owner.Serving().Calibration());
        }
        return Task.FromResult(all);
    }

    /// <summary>SHA-256 over the digests (32 bytes each) of all streams, in the order of their keys' bytes; lower-case hex.</summary>
    public Task<string> StateDigestAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        var digest = new PlatformDigest();
        foreach (ShardRunner runner in _runners)
        {
            digest.Add(runner.Owner.Serving(), Model, first: 0, int.MaxValue, cancellationToken);
        }
        return digest.Compute();
    }, cancellationToken);

    /// <inheritdoc/>
    public PlatformStatus Status()
    {
        long now = EventTime.FromDateTimeOffset(_options.Time.GetUtcNow());
        long oldest = long.MaxValue;
        var status = new PlatformStatus
        {
            Ready = Ready.IsCompletedSuccessfully,
            Problems = [.. _runners.Select(runner => runner.Problem).Append(_log.Problem).OfType<string>()],
        };
        foreach (ShardRunner runner in _runners)
        {
            LogEnd end = _log.End(runner.Owner.Shard.Partition);
            (int streams, ShardTotals totals, ScoreTotals scores) = runner.Owner.Shard.Counts();
            long lag = Math.Max(0, end.Sequence - runner.Owner.Shard.Position);
            if (lag > 0)
            {
                // A record that no batch holds yet came at about the time of the log's end.
                oldest = Math.Min(oldest, Math.Min(runner.Owner.PendingSince, end.AppendTicks));
            }
            status = status with
            {
                Streams = status.Streams + streams,
                EventsAccepted = status.EventsAccepted + end.Events,
                EventsApplied = status.EventsApplied + totals.Applied,
                DeadLetters = status.DeadLetters + totals.DeadLetters,
                UnknownMarks = status.UnknownMarks + totals.UnknownMarks,
                LagEvents = status.LagEvents + lag,
                Scores = new ScoreTotals(status.Scores.Events + scores.Events, status.Scores.Time + scores.Time, status.Scores.Mark + scores.Mark,
                    status.Scores.BaselineTime + scores.BaselineTime, status.Scores.BaselineMark + scores.BaselineMark),
            };
        }
        return status with { LagSeconds = oldest == long.MaxValue ? 0 : Math.Max(0, EventTime.SecondsBetween(oldest, now)) };
    }

    /// <summary>Stops, commits what was applied, and lets go of the directory.</summary>
    public ValueTask DisposeAsync() => StopAsync(commit: true);

    /// <summary>Waits until the store reflects a position.</summary>
    internal Task WaitCommittedAsync(Position position, CancellationToken cancellationToken) =>
        Task.WhenAll(position.Parts.Select(part => _runners[part.Partition].Owner.Committed.WaitAsync(part.Sequence, cancellationToken)));

    /// <summary>Stops as a crash would: without the last commit.</summary>
    internal ValueTask AbandonAsync() => StopAsync(commit: false);

    /// <summary>One timer for all shards: a tick of a wheel that holds nothing due costs next to nothing.</summary>
    private async Task AlertLoopAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.Alerts.Tick, _options.Time, stop);
                foreach (ShardRunner runner in _runners)
                {
                    await runner.RaiseAlertsAsync(Publish);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The platform stops.
        }

        Task Publish(IReadOnlyList<Alert> alerts)
        {
            foreach (Alert alert in alerts)
            {
                _alerts.Publish(alert);
            }
            return Task.CompletedTask;
        }
    }

    private async ValueTask StopAsync(bool commit)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        _observation.Dispose();
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _alerts.End(new PlatformUnavailableException("The platform is shutting down."));
        _workers.Dispose();
        foreach (ShardRunner runner in _runners)
        {
            if (commit && runner.Owner.Ready.IsCompletedSuccessfully)
            {
                try
                {
                    await runner.Owner.CommitAsync();
                }
                catch (Exception e) when (e is PlatformUnavailableException or StaleEpochException or InvalidDataException)
                {
                    // Nothing is lost: the log holds every event, and the next start replays it.
                }
            }
            runner.Owner.Dispose();
        }
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        _lock.Dispose();
        _stop.Dispose();
    }
}
