using System.Runtime.CompilerServices;

namespace Foretell.Streams;

/// <summary>
/// What both hosts do around a <see cref="Shard"/>: takes its epoch, loads its rows, commits beside the loop that
/// feeds it, renews its lease, and stops it for good once another owner has the partition.
/// </summary>
public sealed class ShardOwner : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly IEventLog _log;
    private readonly IStateStore _store;
    private readonly ShardOwnerOptions _options;
    private readonly Lease _lease;
    private readonly SemaphoreSlim _committing = new(1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly KeyValuePair<string, object?> _partitionTag;
    private readonly List<Alert> _alerts = [];
    private long _epoch;
    private long _pendingSince = long.MaxValue;
    private string? _loadProblem, _commitProblem, _renewProblem;

    /// <param name="shard">The shard; disposed with its owner.</param>
    /// <param name="log">Log that the partition belongs to.</param>
    /// <param name="store">Store of its rows.</param>
    /// <param name="options">Pace of commits and lease.</param>
    public ShardOwner(Shard shard, IEventLog log, IStateStore store, ShardOwnerOptions options)
    {
        (Shard, _log, _store, _options) = (shard, log, store, options);
        _lease = new Lease(options.Lease, options.Time);
        _partitionTag = new("foretell.partition", shard.Partition);
    }

    /// <summary>The shard, for counts; queries go through <see cref="Answer"/> or <see cref="Serving"/>.</summary>
    public Shard Shard { get; }

    /// <summary>The epoch that was taken; 0 before.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Last record applied; grows once the rows are loaded.</summary>
    public SequenceSignal Applied { get; } = new();

    /// <summary>Last record that the store reflects.</summary>
    public SequenceSignal Committed { get; } = new();

    /// <summary>Completes once the rows are loaded; fails with the reason when they cannot be.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes, with the cause, once the shard is fenced: it will never answer or commit again.</summary>
    public Task<Exception> Lost => _lost.Task;

    /// <summary>Why the shard is not healthy, one sentence; null when it is.</summary>
    public string? Problem => Shard.Fenced ?? _loadProblem ?? _renewProblem ?? _commitProblem;

    /// <summary>Append time of the oldest record given but not applied, or <see cref="long.MaxValue"/>.</summary>
    public long PendingSince => Volatile.Read(ref _pendingSince);

    /// <summary>The shard, for queries whose answer stays in this process.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, stopped, or its lease is over.</exception>
    public Shard Serving()
    {
        if (!_ready.Task.IsCompletedSuccessfully)
        {
            throw new PlatformUnavailableException(Shard.Fenced ?? $"Partition {Shard.Partition} is loading its streams.");
        }
        ThrowIfLeaseIsOver();
        return Shard;
    }

    /// <summary>Asks the shard, and hands the answer out only if the shard still had its lease when it was ready.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, stopped, or its lease is over.</exception>
    public T Answer<T>(Func<Shard, T> query)
    {
        T answer = query(Serving());
        // The process may have been paused inside the query, while another owner went on.
        ThrowIfLeaseIsOver();
        return answer;
    }

    /// <summary>A stream's states as <see cref="Shard.SubscribeAsync"/> gives them, for as long as the lease holds.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, stopped, or its lease is over.</exception>
    public async IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (FeedItem<ForecastChange> item in Serving().SubscribeAsync(stream, cancellationToken))
        {
            ThrowIfLeaseIsOver();
            yield return item;
        }
    }

    /// <summary>Takes the partition and loads its rows; afterwards the shard can be fed. Waits for a log or store that is away.</summary>
    /// <exception cref="InvalidDataException">The store is damaged, or is not this log's or this model's.</exception>
    public async Task LoadAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await TryLoadAsync(stop);
                _loadProblem = null;
                _ready.TrySetResult();
                return;
            }
            catch (PlatformUnavailableException e) when (Shard.Fenced is null)
            {
                _loadProblem = e.Message;
                await Task.Delay(RetryDelay, _options.Time, stop);
            }
        }
    }

    /// <summary>Applies records and tells everyone who waits for them. One caller at a time.</summary>
    /// <exception cref="ArgumentException">Records between the shard's position and the batch are missing.</exception>
    /// <exception cref="InvalidDataException">A record cannot be applied by this version or model; the shard is fenced.</exception>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public void Apply(RecordBatch batch)
    {
        FenceIfLogIsLost();
        Volatile.Write(ref _pendingSince, batch.AppendTicks(0));
        long before = Shard.Counts().Totals.Applied;
        using (ApplySpans? spans = ApplySpans.Start(batch, Shard.Partition))
        {
            try
            {
                Shard.Advance(batch);
            }
            catch (Exception e)
            {
                spans?.Fail(e);
                throw;
            }
        }
        Applied.Publish(Shard.Position);
        Volatile.Write(ref _pendingSince, long.MaxValue);
        Telemetry.BatchSize.Record(batch.Count);
        Telemetry.EventsApplied.Add(Shard.Counts().Totals.Applied - before, _partitionTag);
    }

    /// <summary>Looks which streams have become overdue, and hands the alerts out while the lease holds. One caller at a time, once a tick of the rule.</summary>
    /// <param name="nowTicks">Now (<see cref="EventTime"/>).</param>
    /// <param name="caughtUp">Whether every record that the log held at that time is applied.</param>
    /// <param name="publish">Takes the alerts; where it fails with <see cref="PlatformUnavailableException"/> they are handed out again at the next call.</param>
    public async Task RaiseAlertsAsync(long nowTicks, bool caughtUp, Func<IReadOnlyList<Alert>, Task> publish)
    {
        if (!_ready.Task.IsCompletedSuccessfully || Shard.Fenced is not null || !_lease.IsValid)
        {
            return;
        }
        try
        {
            Shard.RaiseAlerts(nowTicks, caughtUp, _alerts);
            // The process may have been paused above. If the lease comes back, the alerts go out then; if not, another owner raises them.
            if (_alerts.Count > 0 && _lease.IsValid)
            {
                await publish(_alerts);
                _alerts.Clear();
            }
        }
        catch (PlatformUnavailableException)
        {
            // Fenced meanwhile, and the new owner raises them; or they could not be published now.
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }

    /// <summary>Commits whenever the shard has advanced and the interval is over, until told to stop.</summary>
    public async Task CommitLoopAsync(CancellationToken stop)
    {
        try
        {
            await Ready;
            Task full = Task.CompletedTask;
            while (true)
            {
                // An idle shard waits here and costs nothing.
                await Applied.WaitAsync(Committed.Value + 1, stop);
                // Kept until it is reached, by whatever number of commits: a waiter for each of them would stay behind.
                full = full.IsCompleted ? Applied.WaitAsync(Committed.Value + _options.CommitRecords, stop) : full;
                using (var waited = CancellationTokenSource.CreateLinkedTokenSource(stop))
                {
                    await Task.WhenAny(full, Task.Delay(_options.CommitInterval, _options.Time, waited.Token));
                    await waited.CancelAsync();
                }
                stop.ThrowIfCancellationRequested();
                try
                {
                    await CommitAsync();
                }
                catch (PlatformUnavailableException) when (Shard.Fenced is null)
                {
                    await Task.Delay(RetryDelay, _options.Time, stop);
                }
            }
        }
        catch (Exception e)
        {
            if (!stop.IsCancellationRequested)
            {
                Fence(e);
            }
        }
    }

    /// <summary>Commits what was applied up to now.</summary>
    /// <exception cref="StaleEpochException">Another owner has the partition; this shard is fenced now.</exception>
    /// <exception cref="PlatformUnavailableException">The store cannot be written now, or the shard is fenced.</exception>
    public async Task CommitAsync()
    {
        await Ready;
        await _committing.WaitAsync();
        try
        {
            FenceIfLogIsLost();
            using ShardCommit? commit = Shard.TakeCommit();
            if (commit is null)
            {
                return;
            }
            long started = _options.Time.GetTimestamp();
            using var activity = Telemetry.Activities.StartActivity("shard commit");
            activity?.SetTag("foretell.partition", Shard.Partition).SetTag("foretell.pages", commit.PageCount);
            try
            {
                await _store.CommitAsync(Shard.Partition, _epoch, commit, CancellationToken.None);
            }
            catch (Exception e)
            {
                Shard.CommitFailed(commit);
                if (e is PlatformUnavailableException)
                {
                    _commitProblem = e.Message;
                }
                else
                {
                    Fence(e);
                }
                throw;
            }
            _lease.Renew(started);
            Shard.CommitSucceeded(commit);
            _commitProblem = null;
            Committed.Publish(commit.Header.Position);
            if (commit.Header.Calibration.PitKs is { } distance)
            {
                Telemetry.PitKs.Record(distance, _partitionTag);
            }
            Telemetry.CommitDuration.Record(_options.Time.GetElapsedTime(started).TotalSeconds, _partitionTag);
        }
        finally
        {
            _committing.Release();
        }
    }

    /// <summary>Keeps the lease alive until told to stop, or until a newer owner is found. Returns at once without a lease.</summary>
    public async Task RenewLoopAsync(CancellationToken stop)
    {
        if (_options.Lease is not { } lease)
        {
            return;
        }
        // Until the rows are loaded there is nothing to answer, and a failed load takes a new epoch.
        await Ready.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stop.IsCancellationRequested)
        {
            FenceIfLogIsLost();
            await RenewAsync(lease, stop);
            if (Shard.Fenced is not null)
            {
                return;
            }
            await Task.Delay(lease / 3, _options.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Stops the shard for good where it has applied records that the log does not hold.</summary>
    /// <exception cref="PlatformUnavailableException">The log cannot be asked now.</exception>
    /// <exception cref="InvalidDataException">The log is found to have lost records.</exception>
    public async Task ConfirmAsync(CancellationToken stop)
    {
        long position = Shard.Position;
        if (await LogEndAsync(position, stop) is var end && end < position)
        {
            Fence(new InvalidDataException($"Partition {Shard.Partition} has applied record {position}, but its log ends at record {end}: it lost acknowledged records. "
                + "Restart this process to go on with what is left."));
        }
    }

    /// <summary>Stops the shard for good.</summary>
    public void Fence(Exception cause)
    {
        Shard.Fence(cause.Message);
        var failure = new PlatformUnavailableException(Shard.Fenced!, cause);
        Applied.Fail(failure);
        _ready.TrySetException(failure);
        _lost.TrySetResult(cause);
    }

    /// <summary>The host stops before the rows were loaded.</summary>
    public void CancelLoading(CancellationToken stop) => _ready.TrySetCanceled(stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        Shard.Dispose();
        Applied.Fail(new PlatformUnavailableException($"Partition {Shard.Partition} is closed: the platform is shutting down."));
    }

    private async Task RenewAsync(TimeSpan lease, CancellationToken stop)
    {
        long asked = _options.Time.GetTimestamp();
        try
        {
            // A question that takes longer than the lease is of no use any more.
            using var patience = new CancellationTokenSource(lease, _options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            long newest = await _store.ReadEpochAsync(Shard.Partition, either.Token);
            if (newest != _epoch)
            {
                Fence(new StaleEpochException(Shard.Partition, _epoch, newest));
                return;
            }
            _lease.Renew(asked);
            _renewProblem = null;
        }
        catch (Exception e) when (e is PlatformUnavailableException or OperationCanceledException)
        {
            _renewProblem = stop.IsCancellationRequested ? null : $"Partition {Shard.Partition} cannot renew its lease: {e.Message}";
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }

    private async Task TryLoadAsync(CancellationToken stop)
    {
        // The epoch first: from here on no older owner can change what is about to be read.
        long asked = _options.Time.GetTimestamp();
        Volatile.Write(ref _epoch, await _store.TakeEpochAsync(Shard.Partition, stop));
        _lease.Renew(asked);
        if (await _store.ReadHeaderAsync(Shard.Partition, stop) is { } header)
        {
            await LoadRowsAsync(header, stop);
            Committed.Publish(header.Position);
            Applied.Publish(header.Position);
        }
    }

    private async Task LoadRowsAsync(ShardHeader header, CancellationToken stop)
    {
        if (await LogEndAsync(header.Position, stop) is var end && end < header.Position)
        {
            throw new InvalidDataException($"Partition {Shard.Partition}'s store reflects record {header.Position}, but its log ends at "
                + $"record {end}. Log and stores belong together: restore them from the same copy.");
        }
        Shard.Restore(header);
        try
        {
            await foreach (Memory<byte> page in _store.ReadPagesAsync(Shard.Partition, stop))
            {
                Shard.RestorePage(page.Span);
            }
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message, e);
        }
        if (Shard.Counts().Streams != header.Rows)
        {
            throw Damaged($"it has {Shard.Counts().Streams} rows, its header says {header.Rows}", null);
        }
    }

    /// <summary>Where the log ends; asked anew where it would end before a record.</summary>
    private async Task<long> LogEndAsync(long atLeast, CancellationToken stop)
    {
        if (_log.End(Shard.Partition).Sequence < atLeast)
        {
            // Another process may have appended what this one has not heard of yet.
            await _log.RefreshAsync(stop);
        }
        return _log.End(Shard.Partition).Sequence;
    }

    private void FenceIfLogIsLost()
    {
        if (_log.Lost is { } lost && Shard.Fenced is null)
        {
            Fence(lost);
        }
    }

    private void ThrowIfLeaseIsOver()
    {
        if (!_lease.IsValid)
        {
            throw new PlatformUnavailableException(
                $"Partition {Shard.Partition} cannot prove that it is still owned here: the store has not confirmed it in time.");
        }
    }

    private InvalidDataException Damaged(string what, Exception? inner) => new(
        $"Partition {Shard.Partition}'s store is damaged: {what}. Restore the file from a copy, or remove it to rebuild it from the log.", inner);
}
