namespace Foretell.Streams;

/// <summary>Feeds the log to the shard of one partition; the embedded host's loop.</summary>
internal sealed class ShardRunner(ShardOwner owner, IEventLog log, EmbeddedOptions options)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private string? _readProblem;

    public ShardOwner Owner => owner;

    /// <summary>Why the partition is not healthy, one sentence; null when it is.</summary>
    public string? Problem => owner.Shard.Fenced ?? _readProblem ?? owner.Problem;

    /// <summary>Loads, then applies records until told to stop. A failure that waiting cannot mend fences the shard.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await owner.LoadAsync(stop);
            await FollowAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            owner.CancelLoading(stop);
        }
        catch (Exception e)
        {
            owner.Fence(e);
        }
    }

    /// <summary>Publishes the alerts of the streams that have become overdue.</summary>
    public Task RaiseAlertsAsync(Func<IReadOnlyList<Alert>, Task> publish)
    {
        // The time first: what the log takes after it is not part of "caught up".
        long now = EventTime.FromDateTimeOffset(options.Time.GetUtcNow());
        return owner.RaiseAlertsAsync(now, log.End(owner.Shard.Partition).Sequence <= owner.Shard.Position, publish);
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        await using ILogReader reader = log.OpenReader(owner.Shard.Partition, owner.Shard.Position);
        var batch = new RecordBatch();
        while (!stop.IsCancellationRequested)
        {
            int records;
            try
            {
                records = await reader.ReadAsync(batch, options.BatchSize, stop);
                _readProblem = null;
            }
            catch (PlatformUnavailableException e)
            {
                _readProblem = e.Message;
                await Task.Delay(RetryDelay, options.Time, stop);
                continue;
            }
            if (records == 0)
            {
                await reader.WaitAsync(stop);
                continue;
            }
            owner.Apply(batch);
            // Back into the queue, so that the shards that share this thread take turns.
            await Task.Yield();
        }
    }
}
