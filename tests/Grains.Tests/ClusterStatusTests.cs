using Foretell.Grains.Cluster;
using Foretell.Grains.Contracts;
using Foretell.Grains.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Foretell.Web.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Grains.Tests;

public sealed class ClusterStatusTests
{
    [Fact]
    public async Task Problems_WhenAPartitionCannotBeReadOn_SayWhichAndWhy()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, "worker,ingest,gateway");
        await cluster.FeedAsync([("a", 1, "")]);
        Assert.Empty(cluster.Platform().Status().Problems);

        using (SqliteDatabase file = SqliteDatabase.Open(cluster.LogFile))
        {
            file.Execute("CREATE TRIGGER damage AFTER INSERT ON segment BEGIN UPDATE segment SET crc = crc + 1 WHERE id = new.id; END");
        }
        await cluster.Log.AppendAsync(EventSets.Batch(("a", 2, "")));
        await ShardGrainTests.UntilAsync(() => Task.FromResult(cluster.Platform().Status().Problems.Count > 0));
        string problem = Assert.Single(cluster.Platform().Status().Problems);
        Assert.Contains("Partition 0 has not been read on for", problem);
        Assert.Contains("fails its checksum", problem);
    }

    [Fact]
    public async Task Shards_WhenNobodyIsLeftToReadForThem_StayReady()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, "worker,gateway", "ingest");
        await cluster.FeedAsync([("a", 1, "")]);
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]);
        await cluster.Log.AppendAsync(EventSets.Batch(("a", 2, "")));

        IReadOnlyList<ShardStatus?> shards = cluster.Services(0).GetRequiredService<ClusterStatus>().Shards;
        var news = new HashSet<ShardStatus>(ReferenceEqualityComparer.Instance);
        await ShardGrainTests.UntilAsync(() =>
        {
            ShardStatus shard = shards[0]!;
            Assert.True(shard.Ready);
            news.Add(shard);
            return Task.FromResult(news.Count == 6);
        });
        Assert.Equal(1, cluster.Platform().Status().LagEvents);
    }
}
