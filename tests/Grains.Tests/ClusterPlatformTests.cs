using System.Diagnostics;
using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Foretell.Grains.Tests.Support;
using Foretell.Hosting;
using Foretell.Models.Monitoring;
using Foretell.Support;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Foretell.Grains.Tests;

/// <summary>The whole of reader, shard and coordinator on silos in this process, held against the plain reference.</summary>
public class ClusterPlatformTests
{
    private const string All = "gateway,ingest,worker";

    [Fact]
    public async Task Feed_WhenTwoSilosShareThePartitions_LeavesWhatTheReferenceLeaves()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(4, All, All);
        await cluster.FeedAsync(Workload(6000, seed: 1));

        await AssertEqualsReferenceAsync(cluster);
        PlatformStatus status = cluster.Platform(1).Status();
        Assert.Equal(6000, status.EventsAccepted);
    }

    [Fact]
    public async Task Feed_WhenTheBacklogIsLong_ArrivesWholeInLargeBatches()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, "gateway,ingest", "worker");
        foreach ((string, long, string)[] chunk in Workload(40_000, seed: 11).Chunk(10_000))
        {
            await cluster.Log.AppendAsync(EventSets.Batch(chunk));
        }
        await cluster.AppliedAsync();

        await AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Partitions_WhenTheFirstSiloTookThemAll_AreSharedWithTheNextOne()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Model, GrainCluster.Calm with { QuietRounds = 1 }, 4, All);
        await cluster.FeedAsync(Workload(1000, seed: 9));
        await cluster.Cluster.StartAdditionalSiloAsync();
        SiloAddress[] silos = [.. cluster.Cluster.Silos.Select(s => s.SiloAddress)];

        await ShardGrainTests.UntilAsync(async () =>
        {
            ShardStatus[] shards = await Task.WhenAll(Enumerable.Range(0, 4).Select(p => cluster.Grains.GetGrain<IShardGrain>(p).Status()));
            ReaderStatus[] readers =
                await Task.WhenAll(Enumerable.Range(0, 4).Select(p => cluster.Grains.GetGrain<IPartitionReaderGrain>(p).KeepReading()));
            return Array.TrueForAll(silos, silo =>
                shards.Count(s => s.Ready && s.Silo.Equals(silo)) == 2 && readers.Count(r => r.Silo.Equals(silo)) == 2);
        });

        await cluster.FeedAsync(Workload(1000, seed: 10));
        await AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Partitions_WhenASiloJoins_MoveOneRightBehindTheOther()
    {
        // The quiet rounds of a real cluster: waited for once, not again before each of the six moves, which took 38 s.
        GrainOptions options = GrainCluster.Calm with { QuietRounds = new GrainOptions().QuietRounds };
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Model, options, 12, All);
        SiloHandle joined = await cluster.Cluster.StartAdditionalSiloAsync();
        var clock = Stopwatch.StartNew();

        await ShardGrainTests.UntilAsync(async () => (await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(p => cluster.Grains.GetGrain<IShardGrain>(p).Status()))).Count(s => s.Ready && s.Silo.Equals(joined.SiloAddress)) == 6);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"It had its share after {clock.Elapsed.TotalSeconds:0.0} s.");
    }

    [Fact]
    public async Task Queries_WhenAskedAnywhere_AnswerAsTheShardDoes()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(3, All, All);
        await cluster.FeedAsync(Workload(2000, seed: 2));
        Reference reference = await cluster.ReferenceAsync();
        long at = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
        string stream = reference.Streams.First();

        foreach (ClusterPlatform platform in new[] { cluster.Platform(0), cluster.Platform(1) })
        {
            StreamSnapshot? found = await platform.FindAsync(stream, default);
            Assert.Equal(reference.Digest(stream), found!.Digest(Small.Model));
            Assert.Equal((reference.Count(stream), reference.Scores(stream)), (found.Events, found.Scores));
            Assert.Equal(Small.Model.StateFloats, found.State.Length);
            Assert.Null(await platform.FindAsync("nobody", default));
            IReadOnlyList<OverdueStream> overdue = await platform.OverdueAsync(new OverdueQuestion(at, 5), default);
            Assert.Equal(5, overdue.Count);
            Assert.Equal(overdue.OrderBy(o => o.LogSurvival), overdue);
            IReadOnlyList<OverdueStream> every = await platform.OverdueAsync(new OverdueQuestion(at, 10_000), default);
            long newer = every[every.Count / 2].LastEventTicks;
            var some = new OverdueQuestion(at, 10_000) { Prefix = "user/1", NewerThanTicks = newer };
            Assert.Equal(every.Where(o => o.Stream.StartsWith("user/1", StringComparison.Ordinal) && o.LastEventTicks > newer),
                await platform.OverdueAsync(some, default));
            Assert.Equal(reference.DeadLetters.Order(), (await platform.DeadLettersAsync(10_000, default))
                .Select(l => (l.Partition, l.Sequence, l.Reason)).Order());
        }
        var few = new OverdueQuestion(at, 5);
        Assert.Equal(await cluster.Platform(0).OverdueAsync(few, default), await cluster.Platform(1).OverdueAsync(few, default));
    }

    [Fact]
    public async Task Roles_WhenSilosDiffer_PlaceReadersAndShardsWhereTheyBelong()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(4, "gateway,ingest", "worker", "worker");
        await cluster.FeedAsync(Workload(500, seed: 3));

        SiloAddress[] silos = [.. cluster.Cluster.Silos.Select(s => s.SiloAddress)];
        for (int p = 0; p < 4; p++)
        {
            Assert.Contains((await cluster.Grains.GetGrain<IShardGrain>(p).Status()).Silo, silos[1..]);
            Assert.Equal(silos[0], (await cluster.Grains.GetGrain<IPartitionReaderGrain>(p).KeepReading()).Silo);
        }
        await AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Feed_WhenASiloIsKilledInTheMiddle_LosesAndDoublesNothing()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(4, All, All, All);
        List<(string, long, string)> events = Workload(6000, seed: 4);
        await cluster.FeedAsync(events.Take(2000));
        foreach ((string, long, string)[] chunk in events.Skip(2000).Take(2000).Chunk(500))
        {
            await cluster.Log.AppendAsync(EventSets.Batch(chunk));
        }
        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[2]);
        await cluster.FeedAsync(events.Skip(4000));

        await AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Feed_WhenASiloStopsGracefully_GoesOnFromItsCommits()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(4, All, All);
        List<(string, long, string)> events = Workload(4000, seed: 5);
        await cluster.FeedAsync(events.Take(2000));
        SiloAddress leaving = cluster.Cluster.Silos[1].SiloAddress;
        ShardStatus[] shards = await Task.WhenAll(Enumerable.Range(0, 4).Select(p => cluster.Grains.GetGrain<IShardGrain>(p).Status()));
        int[] leavingPartitions = [.. shards.Where(s => s.Silo.Equals(leaving)).Select(s => s.Partition)];
        Assert.NotEmpty(leavingPartitions);
        await cluster.FeedAsync(events.Skip(2000).Take(1000));
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]);
        foreach (int p in leavingPartitions)
        {
            // Whoever left committed everything first.
            Assert.Equal(cluster.Log.End(p).Sequence, (await cluster.Store.ReadHeaderAsync(p, default))!.Position);
        }
        await cluster.FeedAsync(events.Skip(3000));

        await AssertEqualsReferenceAsync(cluster);
    }

    [Fact]
    public async Task Status_WhenAskedBehindAWait_HasWhatWasWaitedFor()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, All);
        await cluster.FeedAsync([("a", 1_000_000_000, "login"), ("b", 1_000_000_000, "view")]);

        PlatformStatus status = cluster.Platform().Status();

        Assert.Equal((2, 2, 2, 0), (status.EventsAccepted, status.EventsApplied, status.Streams, status.LagEvents));
    }

    [Fact]
    public async Task WaitApplied_WhenThePositionIsNotTheLogs_SaysSo()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, All);

        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Platform().WaitAppliedAsync(new Position([(0, 99)]), default));
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Platform().WaitAppliedAsync(new Position([(7, 0)]), default));
    }

    internal static List<(string Stream, long Ticks, string Mark)> Workload(int events, int seed) =>
        Small.Workload(events, streams: 200, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), seed);

    internal static async Task AssertEqualsReferenceAsync(GrainCluster cluster)
    {
        Reference reference = await cluster.ReferenceAsync();
        string? digest = null;
        Calibration? calibration = null;
        ShardStatus[] shards = [];
        // A partition may be on its way to another silo: whoever asks then is told to ask again.
        await ShardGrainTests.UntilAsync(async () =>
        {
            digest = await cluster.Platform().StateDigestAsync(default);
            calibration = await cluster.Platform().CalibrationAsync(default);
            shards = await Task.WhenAll(Enumerable.Range(0, cluster.Log.PartitionCount)
                .Select(p => cluster.Grains.GetGrain<IShardGrain>(p).Status()));
            return Array.TrueForAll(shards, s => s.Ready);
        });
        Assert.Equal(reference.Digest(), digest);
        Assert.Equal(reference.Calibration, calibration);
        Assert.Equal(reference.Applied, shards.Sum(s => s.Applied));
        Assert.Equal(reference.DeadLetters.Count, shards.Sum(s => s.DeadLetters));
        Assert.Equal(reference.UnknownMarks, shards.Sum(s => s.UnknownMarks));
        Assert.Equal(reference.Streams.Count(), shards.Sum(s => s.Streams));
        Assert.All(shards, s => Assert.Null(s.Problem));
    }
}
