using Foretell.Engine;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;

namespace Foretell.Hosting;

/// <content>Commits: beside the shard's work, never in its way (law 2).</content>
public sealed partial class PartitionHost
{
    private readonly SemaphoreSlim _commitTurn = new(1);

    /// <summary>Commits whenever the shard has advanced and the interval is over, until told to stop.</summary>
    private async Task CommitLoopAsync(CancellationToken stop)
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
                    await Task.Delay(s_retryDelay, _options.Time, stop);
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

    /// <summary>Commits first where too many dead letters wait for it; to be called before each batch.</summary>
    /// <exception cref="PlatformUnavailableException">They wait for a store that cannot be written now, or the shard is
    /// fenced.</exception>
    public async Task MakeRoomAsync()
    {
        if (Shard.HasRoom)
        {
            return;
        }
        try
        {
            await CommitAsync();
        }
        catch (PlatformUnavailableException e) when (Shard.Fenced is null)
        {
            throw new PlatformUnavailableException(
                $"its events that could not be applied wait for the store, {Shard.MostUncommittedDeadLetters} or more, and what follows waits for them: {e.Message}", e);
        }
    }

    /// <summary>Commits what was applied up to now.</summary>
    /// <exception cref="StaleEpochException">Another owner has the partition; this shard is fenced now.</exception>
    /// <exception cref="PlatformUnavailableException">The store cannot be written now, or the shard is fenced.</exception>
    public async Task CommitAsync()
    {
        await Ready;
        await _commitTurn.WaitAsync();
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
                Telemetry.CommitFailures.Add(1, _partitionTag,
                    new("foretell.reason", e is PlatformUnavailableException ? "unavailable" : "stopped"));
                if (e is PlatformUnavailableException)
                {
                    _committing.Is(e.Message);
                }
                else
                {
                    Fence(e is InvalidDataException ? new StoreDamagedException(Shard.Partition, e, _log.Trimmed(Shard.Partition)) : e);
                }
                throw;
            }
            _lease.Renew(started);
            Shard.CommitSucceeded(commit);
            _committing.IsOver();
            Committed.Publish(commit.Header.Position);
            _calibration = commit.Header.Calibration;
            Telemetry.CommitDuration.Record(_options.Time.GetElapsedTime(started).TotalSeconds, _partitionTag);
        }
        finally
        {
            _commitTurn.Release();
        }
    }
}
