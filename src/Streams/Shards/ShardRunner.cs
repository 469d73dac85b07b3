namespace Foretell.Streams;

/// <summary>Drives one shard: takes its epoch, loads its rows, feeds it the log, commits beside the loop.</summary>
internal sealed class ShardRunner : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Shard _shard;
    private readonly IEventLog _log;
    private readonly IStateStore _store;
    private readonly EmbeddedOptions _options;
    private readonly SemaphoreSlim _committing = new(1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly KeyValuePair<string, object?> _partitionTag;
    private long _epoch;
    private long _pendingSince = long.MaxValue;
    private string? _readProblem, _commitProblem;

    public ShardRunner(Shard shard, IEventLog log, IStateStore store, EmbeddedOptions options)
    {
        (_shard, _log, _store, _options) = (shard, log, store, options);
        _partitionTag = new("foretell.partition", shard.Partition);
    }

    /// <summary>Last record applied; grows once the rows are loaded.</summary>
    public SequenceSignal Applied { get; } = new();

    /// <summary>Last record that the store reflects.</summary>
    public SequenceSignal Committed { get; } = new();

    /// <summary>Completes once the rows are loaded; fails with the reason when they cannot be.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Why the shard is not healthy, one sentence; null when it is.</summary>
    public string? Problem => _shard.Fenced ?? _readProblem ?? _commitProblem;

    /// <summary>Append time of the oldest record read but not applied, or <see cref="long.MaxValue"/>.</summary>
    public long PendingSince => Volatile.Read(ref _pendingSince);

    /// <summary>The shard, for counts; its queries are for <see cref="Serving"/>.</summary>
    public Shard Shard => _shard;

    /// <summary>The shard, for queries.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, or stopped.</exception>
    public Shard Serving() => _ready.Task.IsCompletedSuccessfully
        ? _shard
        : throw new PlatformUnavailableException(_shard.Fenced ?? $"Partition {_shard.Partition} is loading its streams.");

    /// <summary>Loads, then applies records until told to stop. A failure that waiting cannot mend fences the shard.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await LoadAsync(stop);
            _ready.SetResult();
            await FollowAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _ready.TrySetCanceled(stop);
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
            while (true)
            {
                // An idle shard waits here and costs nothing.
                await Applied.WaitAsync(Committed.Value + 1, stop);
                Task full = Applied.WaitAsync(Committed.Value + _options.CommitRecords, stop);
                using (var waited = CancellationTokenSource.CreateLinkedTokenSource(stop))
                {
                    await Task.WhenAny(full, Task.Delay(_options.CommitInterval, _options.Time, waited.Token));
                    await waited.CancelAsync();
                }
                stop.ThrowIfCancellationRequested();
                try
                {
                    await CommitAsync();
                    _commitProblem = null;
                }
                catch (PlatformUnavailableException e) when (_shard.Fenced is null)
                {
                    _commitProblem = e.Message;
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
            using ShardCommit? commit = _shard.TakeCommit();
            if (commit is null)
            {
                return;
            }
            long started = _options.Time.GetTimestamp();
            using var activity = Telemetry.Activities.StartActivity("shard commit");
            activity?.SetTag("foretell.partition", _shard.Partition).SetTag("foretell.pages", commit.PageCount);
            try
            {
                await _store.CommitAsync(_shard.Partition, _epoch, commit, CancellationToken.None);
            }
            catch (Exception e)
            {
                _shard.CommitFailed(commit);
                if (e is not PlatformUnavailableException)
                {
                    Fence(e);
                }
                throw;
            }
            _shard.CommitSucceeded(commit);
            Committed.Publish(commit.Header.Position);
            Telemetry.CommitDuration.Record(_options.Time.GetElapsedTime(started).TotalSeconds, _partitionTag);
        }
        finally
        {
            _committing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shard.Dispose();
        Applied.Fail(new PlatformUnavailableException($"Partition {_shard.Partition} is closed: the platform is shutting down."));
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        // The epoch first: from here on no older owner can change what is about to be read.
        _epoch = await _store.TakeEpochAsync(_shard.Partition, stop);
        ShardHeader? header = await _store.ReadHeaderAsync(_shard.Partition, stop);
        if (header is null)
        {
            return;
        }
        long end = _log.End(_shard.Partition).Sequence;
        if (header.Position > end)
        {
            throw new InvalidDataException($"Partition {_shard.Partition}'s store reflects record {header.Position}, but its log ends at "
                + $"record {end}. Log and stores belong together: restore them from the same copy.");
        }
        _shard.Restore(header);
        try
        {
            await foreach (Memory<byte> page in _store.ReadPagesAsync(_shard.Partition, stop))
            {
                _shard.RestorePage(page.Span);
            }
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message, e);
        }
        if (_shard.Counts().Streams != header.Rows)
        {
            throw Damaged($"it has {_shard.Counts().Streams} rows, its header says {header.Rows}", null);
        }
        Committed.Publish(header.Position);
        Applied.Publish(header.Position);
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        await using ILogReader reader = _log.OpenReader(_shard.Partition, _shard.Position);
        var batch = new RecordBatch();
        while (!stop.IsCancellationRequested)
        {
            int records;
            try
            {
                records = await reader.ReadAsync(batch, _options.BatchSize, stop);
                _readProblem = null;
            }
            catch (PlatformUnavailableException e)
            {
                _readProblem = e.Message;
                await Task.Delay(RetryDelay, _options.Time, stop);
                continue;
            }
            if (records == 0)
            {
                await reader.WaitAsync(stop);
                continue;
            }
            Volatile.Write(ref _pendingSince, batch.AppendTicks(0));
            long before = _shard.Counts().Totals.Applied;
            _shard.Advance(batch);
            Applied.Publish(_shard.Position);
            Volatile.Write(ref _pendingSince, long.MaxValue);
            Telemetry.BatchSize.Record(records);
            Telemetry.EventsApplied.Add(_shard.Counts().Totals.Applied - before, _partitionTag);
            // Back into the queue, so that the shards that share this thread take turns.
            await Task.Yield();
        }
    }

    private void Fence(Exception cause)
    {
        _shard.Fence(cause.Message);
        var failure = new PlatformUnavailableException(_shard.Fenced!, cause);
        Applied.Fail(failure);
        _ready.TrySetException(failure);
    }

    private InvalidDataException Damaged(string what, Exception? inner) => new(
        $"Partition {_shard.Partition}'s store is damaged: {what}. Restore the file from a copy, or remove it to rebuild it from the log.", inner);
}
