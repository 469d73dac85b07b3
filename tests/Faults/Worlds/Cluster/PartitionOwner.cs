using System.Text;
using Foretell.Engine;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Faults.Time;
using Foretell.Grains.Contracts;
using Foretell.Grains.Shards;
using Foretell.Hosting;
using Foretell.Support;

namespace Foretell.Faults.Worlds.Cluster;

/// <summary>An owner of a partition on a worker: what ShardGrain is in an Orleans silo, around the same host and inbox.</summary>
internal sealed class PartitionOwner
{
    private readonly ShardInbox _inbox;

    public PartitionOwner(int partition, Worker worker, SharedRows rows, IEventLog log, WorkerThreads workers, PartitionHostOptions options,
        Story story)
    {
        Worker = worker;
        Host = new PartitionHost(new Shard(partition, rows.Serving, null, options.Time), log, worker, options, story);
        _inbox = new ShardInbox(Host, workers);
        Host.Start();
    }

    /// <summary>Where it is.</summary>
    public Worker Worker { get; }

    /// <summary>Its host.</summary>
    public PartitionHost Host { get; }

    /// <summary>When it had its epoch and its rows, ticks of the clock; null before.</summary>
    public long? ServedAt { get; private set; }

    /// <summary>Waits until it serves, or never will.</summary>
    public async Task WatchAsync(SimulatedClock clock)
    {
        await Host.Ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        ServedAt = Host.Ready.IsCompletedSuccessfully ? clock.Ticks : null;
    }

    /// <summary>As ShardGrain.Resume.</summary>
    public async Task<ReaderAnswer> ResumeAsync()
    {
        await Host.ConfirmAsync(CancellationToken.None);
        Host.Serving();
        return new ReaderAnswer(true, Host.Epoch, _inbox.Position);
    }

    /// <summary>As ShardGrain.Apply.</summary>
    public async Task<ReaderAnswer> ApplyAsync(ReaderBatch batch)
    {
        Host.Serving();
        bool accepted = await _inbox.ApplyAsync(batch);
        return new ReaderAnswer(accepted, Host.Epoch, _inbox.Position);
    }

    /// <summary>As ShardGrain.Find.</summary>
    public StreamSnapshot? Find(string stream) => Host.Answer(shard => shard.Find(Encoding.UTF8.GetBytes(stream)));
}
