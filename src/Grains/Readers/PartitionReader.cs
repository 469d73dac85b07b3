using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;

namespace Foretell.Grains.Readers;

/// <summary>Reads one partition from where its shard stands and sends the records there, a bounded number of batches ahead.</summary>
/// <remarks>
/// It keeps nothing that could get lost: the shard's answers say where to go on, after whatever happened to either side.
/// Any number of readers would be correct; there is one because more would be waste.
/// </remarks>
internal sealed class PartitionReader(int partition, IEventLog log, IShardGrain shard, GrainOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(250);

    // An idle reader asks this often whether a new owner needs records again that the old one had.
    private static readonly TimeSpan s_idleCheck = TimeSpan.FromMilliseconds(500);

    private readonly RecordBatch _records = new();
    private readonly Queue<Task<ReaderAnswer>> _inFlight = new();
    private long _position;

    /// <summary>Last record sent.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Why it cannot go on now, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Feeds the shard until told to stop, through any failure.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Untraced.Enter();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                ReaderAnswer start = await shard.Resume().WaitAsync(stop);
                Problem = null;
                await FollowAsync(start, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Problem = e.Message;
                await Task.Delay(s_retryDelay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                Forget();
            }
        }
    }

    /// <summary>Returns when the shard wants to be asked anew where to go on.</summary>
    private async Task FollowAsync(ReaderAnswer start, CancellationToken stop)
    {
        Volatile.Write(ref _position, start.Position);
        if (log.End(partition).Sequence < start.Position)
        {
            await log.RefreshAsync(stop);
        }
        await using ILogReader reader = log.OpenReader(partition, start.Position);
        while (true)
        {
            if (await reader.ReadAsync(_records, options.BatchSize, stop) > 0)
            {
                Send(start.Epoch);
                if (_inFlight.Count < options.BatchesInFlight)
                {
                    continue;
                }
            }
            if (_inFlight.TryDequeue(out Task<ReaderAnswer>? oldest))
            {
                if (!(await oldest.WaitAsync(stop)).Accepted)
                {
                    return;
                }
            }
            else if (!await WaitAsync(reader, start.Epoch, stop))
            {
                return;
            }
            // A call that completes on the spot must not keep the thread from everyone else.
            await Task.Yield();
        }
    }

    private void Send(long epoch)
    {
        _inFlight.Enqueue(shard.Apply(new ReaderBatch(epoch, _records.FirstSequence - 1, _records.LastSequence,
            _records.Encode(), _records.Traces.Encode(_records.FirstSequence))));
        Volatile.Write(ref _position, _records.LastSequence);
    }

    /// <summary>Waits for new records; false when the shard needs older ones instead.</summary>
    private async Task<bool> WaitAsync(ILogReader reader, long epoch, CancellationToken stop)
    {
        Task more = reader.WaitAsync(stop);
        while (true)
        {
            using (var waited = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                await Task.WhenAny(more, Task.Delay(s_idleCheck, time, waited.Token));
                await waited.CancelAsync();
            }
            if (more.IsCompleted)
            {
                await more;
                return true;
            }
            ReaderAnswer now = await shard.Resume().WaitAsync(stop);
            if (now.Epoch != epoch || now.Position != Position)
            {
                return false;
            }
        }
    }

    private void Forget()
    {
        while (_inFlight.TryDequeue(out Task<ReaderAnswer>? answer))
        {
            // Nobody waits for it any more; its failure must not count as overlooked.
            _ = answer.ContinueWith(static t => t.Exception, TaskScheduler.Default);
        }
    }
}
