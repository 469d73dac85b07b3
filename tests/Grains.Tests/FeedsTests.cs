using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Feeds;
using Foretell.Grains.Contracts;
using Foretell.Grains.Feeds;
using Foretell.Grains.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Grains.Tests;

/// <summary>Feeds as a gateway serves them, with shards on other silos of this process.</summary>
public class FeedsTests
{
    private const string Front = "gateway,ingest", Worker = "worker";

    [Fact]
    public async Task Subscribe_WhenTheShardIsElsewhere_GivesTheStateAfterEachEvent()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, Front, Worker);
        await cluster.FeedAsync([("a", 1_000_000_000, "login"), ("b", 1_000_000_000, "view")]);
        // A gateway that has just started is not on everyone's list yet.
        await InboxAsync(cluster);
        await using var feed = new Reading(cluster, "a");
        Assert.Equal(1, (await feed.NextAsync()).Value!.Events);

        for (int i = 2; i <= 20; i++)
        {
            await cluster.FeedAsync([("a", 1_000_000_000L + i, "view"), ("b", 1_000_000_000L + i, "view")]);
            FeedItem<ForecastChange> item = await feed.NextAsync();
            Assert.Equal((i, "a", i.ToString(CultureInfo.InvariantCulture)), (item.Value!.Events, item.Value.Stream, item.Id));
            Assert.Equal((await cluster.Platform().FindAsync("a", default))!.State, item.Value.State);
        }
    }

    [Fact]
    public async Task Subscribe_WhenTheShardMoves_GoesOnAndAccountsForEveryEvent()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, Front, Worker, Worker);
        await cluster.FeedAsync([("a", 1_000_000_000, "login")]);
        await InboxAsync(cluster);
        await using var feed = new Reading(cluster, "a");
        Assert.Equal(1, (await feed.NextAsync()).Value!.Events);
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(0);
        SiloAddress before = (await shard.Status()).Silo;

        await shard.Move(cluster.Cluster.Silos.Skip(1).Select(s => s.SiloAddress).First(s => !s.Equals(before)));
        await ShardGrainTests.UntilAsync(async () => (await shard.Status()) is { Ready: true } status && !status.Silo.Equals(before));
        await cluster.FeedAsync(Enumerable.Range(2, 99).Select(i => ("a", 1_000_000_000L + i, "view")));

        for (long events = 1; events < 100;)
        {
            FeedItem<ForecastChange> item = await feed.NextAsync();
            events += item.Missed ?? 0;
            if (item.Value is { } change)
            {
                Assert.Equal(++events, change.Events);
            }
        }
    }

    [Fact]
    public async Task Subscribe_WhenTheShardDoesNotAnswer_SaysSo()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, Front);
        await using var feed = new Reading(cluster, "a");
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => feed.NextAsync());
    }

    internal static Task InboxAsync(GrainCluster cluster) => ShardGrainTests.UntilAsync(async () =>
    {
        FeedStreams streams = cluster.Services(0).GetRequiredService<FeedStreams>();
        string gateway = cluster.Services(0).GetRequiredService<FeedInbox>().Name;
        return (await streams.Changes(gateway).GetAllSubscriptionHandles()).Count > 0
            && (await streams.Alerts.GetAllSubscriptionHandles()).Count > 0;
    });

    private sealed class Reading(GrainCluster cluster, string stream) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<FeedItem<ForecastChange>> _items = cluster.Platform().SubscribeAsync(stream, default)
            .GetAsyncEnumerator();

        public async Task<FeedItem<ForecastChange>> NextAsync()
        {
            Assert.True(await _items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            return _items.Current;
        }

        public ValueTask DisposeAsync() => _items.DisposeAsync();
    }
}
