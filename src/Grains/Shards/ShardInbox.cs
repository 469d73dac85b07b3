using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Grains.Contracts;
using Foretell.Hosting;

namespace Foretell.Grains.Shards;

/// <summary>Puts a reader's batches in order and applies them one at a time on the silo's worker threads.</summary>
/// <remarks>Its methods are called by one activation only, which never runs two of them at once.</remarks>
internal sealed class ShardInbox(PartitionHost host, WorkerThreads workers)
{
    private readonly RecordBatch _records = new();
    private Task _last = Task.CompletedTask;
    private long? _accepted;

    /// <summary>Last record that the shard has, or is about to have.</summary>
    public long Position => _accepted ?? host.Shard.Position;

    /// <summary>Applies a batch that continues where the last accepted one ended.</summary>
    /// <returns>Whether it did; if not, nothing happened and the reader has to begin anew behind <see cref="Position"/>.</returns>
    public async Task<bool> ApplyAsync(ReaderBatch batch)
    {
        if (batch.Epoch != host.Epoch || batch.Previous != Position)
        {
            return false;
        }
        _accepted = batch.Last;
        Task before = _last;
        await (_last = ApplyBehindAsync(before, batch));
        return true;
    }

    private async Task ApplyBehindAsync(Task before, ReaderBatch batch)
    {
        await Background.EndedAsync(before);
        try
        {
            await host.MakeRoomAsync();
            await workers.Run(() =>
            {
                _records.Decode(batch.Records, batch.Previous + 1, batch.Last - batch.Previous);
                _records.Traces.Decode(batch.Traces, batch.Previous + 1, _records.Count);
                host.Apply(_records);
            });
        }
        catch
        {
            // What follows does not fit any more: the next batch is told the position that is true again.
            _accepted = null;
            throw;
        }
    }
}
