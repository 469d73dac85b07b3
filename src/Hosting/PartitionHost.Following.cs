using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;

namespace Foretell.Hosting;

/// <content>Reading the log, where no reader elsewhere sends its records here.</content>
public sealed partial class PartitionHost
{
    private Task _following = Task.CompletedTask;

    /// <summary>Feeds the shard from the log until the host stops.</summary>
    /// <param name="run">Runs the loop: on threads that are meant for steps.</param>
    /// <param name="batchSize">Most records to read at once.</param>
    public void Follow(Func<Func<Task>, Task> run, int batchSize) => _following = run(() => FollowAsync(batchSize));

    /// <summary>Applies the log's records from the rows' position on, until the host stops. A failure that waiting cannot mend
    /// fences the shard.</summary>
    /// <param name="batchSize">Most records to read at once.</param>
    private async Task FollowAsync(int batchSize)
    {
        CancellationToken stop = _stop.Token;
        try
        {
            await Ready.WaitAsync(stop);
            await using ILogReader reader = _log.OpenReader(Shard.Partition, Shard.Position);
            var batch = new RecordBatch();
            while (!stop.IsCancellationRequested)
            {
                int records;
                try
                {
                    await MakeRoomAsync().WaitAsync(stop);
                    records = await reader.ReadAsync(batch, batchSize, stop);
                    _reading.IsOver();
                }
                catch (PlatformUnavailableException e) when (Shard.Fenced is null)
                {
                    _reading.Is(e.Message);
                    await Task.Delay(s_retryDelay, _options.Time, stop);
                    continue;
                }
                if (records == 0)
                {
                    await reader.WaitAsync(stop);
                    continue;
                }
                Apply(batch);
                // Back into the queue, so that the shards that share this thread take turns.
                await Task.Yield();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }
}
