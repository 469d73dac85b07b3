using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Grains.Contracts;
using Foretell.Grains.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class ShardGrainTests
{
    private const string Worker = "gateway,worker";

    [Fact]
    public async Task Apply_WhenBatchesDoNotFit_TellsWhereToGoOn()
    {
        // Without a silo for readers the test is the only one that feeds the shard.
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, Worker);
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(0);
        ReaderAnswer start = await ResumeAsync(shard);
        Assert.Equal(0, start.Position);

        Assert.Equal(new ReaderAnswer(true, start.Epoch, 3), await shard.Apply(Batch(start.Epoch, previous: 0, "a", "b", "a")));
        // A gap, a repetition, and an older epoch.
        Assert.Equal(new ReaderAnswer(false, start.Epoch, 3), await shard.Apply(Batch(start.Epoch, previous: 4, "a")));
        Assert.Equal(new ReaderAnswer(false, start.Epoch, 3), await shard.Apply(Batch(start.Epoch, previous: 0, "a", "b", "a")));
        Assert.Equal(new ReaderAnswer(false, start.Epoch, 3), await shard.Apply(Batch(start.Epoch - 1, previous: 3, "a")));
        Assert.Equal(2, (await shard.Find("a"))!.Events);

        Assert.True((await shard.Apply(Batch(start.Epoch, previous: 3, "a"))).Accepted);
        Assert.Equal(3, (await shard.Find("a"))!.Events);
    }

    [Fact]
    public async Task Apply_WhenABatchIsDamaged_GoesOnAtTheSamePosition()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, Worker);
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(0);
        ReaderAnswer start = await ResumeAsync(shard);
        ReaderBatch good = Batch(start.Epoch, previous: 0, "a", "b");

        await Assert.ThrowsAnyAsync<Exception>(() => shard.Apply(good with { Records = good.Records[..^1] }));

        Assert.Equal(new ReaderAnswer(true, start.Epoch, 2), await shard.Apply(good));
    }

    [Fact]
    public async Task Shard_WhenAnotherOwnerTakesTheEpoch_LeavesAndComesBackWithANewerOne()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, "gateway,ingest,worker");
        await cluster.FeedAsync([("a", 1_000_000_000, "login")]);
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(0);
        long before = (await shard.Status()).Epoch;

        long foreign = await cluster.Store.TakeEpochAsync(0, default);
        Assert.Equal(before + 1, foreign);
        await cluster.FeedAsync([("a", 1_000_000_001, "view")]);
        // Its next commit is refused; whoever asks then wakes a new activation, which takes the next epoch.
        await UntilAsync(async () => (await shard.Status()) is { Ready: true } status && status.Epoch > foreign);
        await cluster.AppliedAsync();

        await ClusterPlatformTests.AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Move_WhenAsked_CommitsAndGoesOnAtTheOtherSilo()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, "gateway,ingest,worker", "gateway,ingest,worker");
        await cluster.FeedAsync(ClusterPlatformTests.Workload(1000, seed: 6));
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(0);
        ShardStatus before = await shard.Status();
        SiloAddress target = cluster.Cluster.Silos.Select(s => s.SiloAddress).First(s => !s.Equals(before.Silo));

        await shard.Move(target);
        await UntilAsync(async () => (await shard.Status()) is { Ready: true } status && status.Silo.Equals(target));

        Assert.Equal(before.Position, (await cluster.Store.ReadHeaderAsync(0, default))!.Position);
        await cluster.FeedAsync(ClusterPlatformTests.Workload(1000, seed: 7));
        await ClusterPlatformTests.AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Shard_WhenThePartitionDoesNotExist_IsRefused()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, Worker);
        await Assert.ThrowsAnyAsync<Exception>(() => cluster.Grains.GetGrain<IShardGrain>(1).Status());
    }

    internal static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception e) when (
                e is ShardUnavailableException or OrleansException or TimeoutException or PlatformUnavailableException)
            {
                // It is moving.
            }
            await Task.Delay(50, deadline.Token);
        }
    }

    private static async Task<ReaderAnswer> ResumeAsync(IShardGrain shard)
    {
        ReaderAnswer? answer = null;
        await UntilAsync(async () => (answer = await shard.Resume()) is not null);
        return answer!;
    }

    private static ReaderBatch Batch(long epoch, long previous, params string[] streams)
    {
        var batch = new RecordBatch();
        batch.Clear(previous + 1);
        long ticks = 1_000_000_000 + previous;
        foreach (string stream in streams)
        {
            batch.Add(EventSets.Batch((stream, ++ticks, ""))[0], ticks);
        }
        return new ReaderBatch(epoch, previous, batch.LastSequence, batch.Encode());
    }
}
