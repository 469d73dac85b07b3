using System.Runtime.CompilerServices;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;
using Microsoft.Extensions.Logging;

namespace Foretell.Hosting;

/// <summary>
/// What every host does around the <see cref="Shard"/> of one partition: takes its epoch, loads its rows, feeds it or lets it
/// be fed, commits beside that, renews its lease, and stops it for good once another owner has the partition.
/// </summary>
/// <remarks>
/// The embedded host has one for each partition and lets it follow the log; a shard grain has one and hands it the batches of
/// a reader. Whatever happens to the partition leaves a line in the log of the process, with partition, epoch and position.
/// </remarks>
public sealed partial class PartitionHost : IAsyncDisposable
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);

    private readonly IEventLog _log;
    private readonly IStateStore _store;
    private readonly PartitionHostOptions _options;
    private readonly ILogger _logger;
    private readonly Lease _lease;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly KeyValuePair<string, object?> _partitionTag;
    private readonly Trouble _loading, _reading, _committing, _renewing, _trimming;
    private Task _loops = Task.CompletedTask;
    private int _stopped;
    private long _epoch;
    private long _pendingSince = long.MaxValue;
    private volatile Calibration? _calibration;

    /// <param name="shard">The shard; disposed with its host.</param>
    /// <param name="log">Log that the partition belongs to.</param>
    /// <param name="store">Store of its rows.</param>
    /// <param name="options">Pace of commits and lease.</param>
    /// <param name="logger">Takes a line for whatever happens to the partition.</param>
    public PartitionHost(Shard shard, IEventLog log, IStateStore store, PartitionHostOptions options, ILogger logger)
    {
        (Shard, _log, _store, _options, _logger) = (shard, log, store, options, logger);
        _lease = new Lease(options.Lease, options.Time);
        _loading = new Trouble(this, "cannot be loaded", "is loaded");
        _reading = new Trouble(this, "cannot be read on", "is read");
        _committing = new Trouble(this, "cannot be committed", "commits");
        _renewing = new Trouble(this, "cannot renew its lease", "renews its lease");
        _trimming = new Trouble(this, "cannot be trimmed", "is trimmed");
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
    public string? Problem => Shard.Fenced ?? _loading.Problem ?? _reading.Problem ?? _renewing.Problem ?? _committing.Problem;

    /// <summary>The shard, for queries whose answer stays in this process.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, stopped, or its lease is over.</exception>
    public Shard Serving()
    {
        if (!_ready.Task.IsCompletedSuccessfully)
        {
            throw new PlatformUnavailableException(Shard.Fenced ?? $"Partition {Shard.Partition} is loading its streams.");
        }
        if (Shard.Fenced is { } why)
        {
            throw new PlatformUnavailableException(why);
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
    public async IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (FeedItem<ForecastChange> item in Serving().SubscribeAsync(stream, cancellationToken))
        {
            ThrowIfLeaseIsOver();
            yield return item;
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

    /// <summary>Begins to load, to commit, to trim and to keep the lease, beside the caller and without its trace.</summary>
    /// <param name="load">Runs the loading; null for the thread pool.</param>
    public void Start(Func<Func<Task>, Task>? load = null)
    {
        // A counter that begins at its first failure shows no increase by it.
        Telemetry.CommitFailures.Add(0, _partitionTag, new("foretell.reason", "unavailable"));
        PartitionGauges.Add(this);
        _loops = Task.WhenAll(
            (load ?? Background.Run)(RunLoadAsync),
            Background.Run(() => CommitLoopAsync(_stop.Token)),
            Background.Run(() => RenewLoopAsync(_stop.Token)),
            Background.Run(() => TrimLoopAsync(_stop.Token)));
    }

    /// <summary>Where the partition stands.</summary>
    public PartitionReport Report()
    {
        (int streams, ShardTotals totals, ScoreTotals scores) = Shard.Counts();
        return new PartitionReport(Shard.Partition, Shard.Position, streams, totals, scores, Volatile.Read(ref _pendingSince),
            Problem ?? _trimming.Problem);
    }

    /// <summary>Dead letters of the partition, newest first.</summary>
    /// <exception cref="PlatformUnavailableException">It is still loading, stopped, its lease is over, or the store cannot be
    /// read now.</exception>
    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        // First those in memory, then those in the store: a commit in between shows one twice, and never none.
        DeadLetter[] uncommitted = Answer(shard => shard.UncommittedDeadLetters());
        IReadOnlyList<DeadLetter> committed = await _store.ReadDeadLettersAsync(Shard.Partition, limit, cancellationToken);
        Serving();
        return [.. uncommitted.Concat(committed).DistinctBy(l => l.Sequence).OrderByDescending(l => l.Sequence).Take(limit)];
    }

    /// <summary>How far off the forecasts were up to the last commit (<see cref="Calibration.PitKs"/>); null before the first score, and
    /// while or once the partition is not served here.</summary>
    internal double? PitKs => Shard.Fenced is null && _lease.IsValid ? _calibration?.PitKs : null;

    /// <summary>Stops the shard for good.</summary>
    internal void Fence(Exception cause)
    {
        bool first = Shard.Fenced is null;
        Shard.Fence(cause.Message);
        PartitionGauges.Remove(this);
        var failure = new PlatformUnavailableException(Shard.Fenced!, cause);
        Applied.Fail(failure);
        _ready.TrySetException(failure);
        if (_lost.TrySetResult(cause) && !_stop.IsCancellationRequested)
        {
            LogStopped(Shard.Partition, Epoch, Shard.Position, first ? cause.Message : Shard.Fenced!);
        }
    }

    /// <summary>Stops with a last commit, so that the next owner begins where it ends instead of replaying the log's tail.</summary>
    /// <param name="reason">Why, for the log.</param>
    /// <param name="patience">Gives up the commit; nothing is lost then, since the log holds every event.</param>
    public Task StopAsync(string reason, CancellationToken patience) => StopAsync(reason, commit: true, patience);

    /// <summary>Stops as a crash would: without the last commit.</summary>
    public Task AbandonAsync() => StopAsync("It was abandoned.", commit: false, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(StopAsync("It was closed.", commit: false, CancellationToken.None));

    private async Task StopAsync(string reason, bool commit, CancellationToken patience)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }
        await _stop.CancelAsync();
        // What is being applied belongs into the last commit.
        await Background.EndedAsync(_following);
        if (commit && Ready.IsCompletedSuccessfully && Shard.Fenced is null)
        {
            try
            {
                await CommitAsync().WaitAsync(patience);
            }
            catch (Exception e)
            {
                LogNotCommitted(Shard.Partition, Epoch, Shard.Position, e.Message);
            }
        }
        Fence(new ObjectDisposedException(null, $"Partition {Shard.Partition} is closed here: {reason}"));
        await Background.EndedAsync(_loops);
        Shard.Dispose();
        LogLeft(Shard.Partition, Epoch, Shard.Position, reason);
        _stop.Dispose();
    }

    private void FenceIfLogIsLost()
    {
        if (_log.Lost is { } lost && Shard.Fenced is null)
        {
            Fence(lost);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition} stopped here (epoch {Epoch}, position {Sequence}): {Cause}")]
    private partial void LogStopped(int partition, long epoch, long sequence, string cause);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Partition {Partition} was not committed on leaving (epoch {Epoch}, position {Sequence}); its next owner replays the log: {Problem}")]
    private partial void LogNotCommitted(int partition, long epoch, long sequence, string problem);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Partition {Partition} left this process (epoch {Epoch}, position {Sequence}): {Reason}")]
    private partial void LogLeft(int partition, long epoch, long sequence, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Partition {Partition} (epoch {Epoch}, position {Sequence}) {Work}; it tries again: {Problem}")]
    private partial void LogProblem(int partition, long epoch, long sequence, string work, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition} (epoch {Epoch}, position {Sequence}) {Work} again.")]
    private partial void LogMended(int partition, long epoch, long sequence, string work);

    /// <summary>Work that fails and is tried again until it succeeds: its problem shows while it lasts, and is told once.</summary>
    private sealed class Trouble(PartitionHost host, string failing, string working)
    {
        private string? _problem;

        /// <summary>Why it fails, one sentence, or null.</summary>
        public string? Problem => Volatile.Read(ref _problem);

        /// <summary>It failed, for a reason that may pass.</summary>
        public void Is(string problem)
        {
            if (Interlocked.Exchange(ref _problem, problem) is null)
            {
                host.LogProblem(host.Shard.Partition, host.Epoch, host.Shard.Position, failing, problem);
            }
        }

        /// <summary>It succeeded.</summary>
        public void IsOver()
        {
            if (_problem is not null && Interlocked.Exchange(ref _problem, null) is not null)
            {
                host.LogMended(host.Shard.Partition, host.Epoch, host.Shard.Position, working);
            }
        }
    }
}
