using Foretell.Cli.Cluster;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Grains.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

/// <summary>Alerts of a cluster: raised by whichever silo has the shard, told at every gateway.</summary>
public sealed class AlertsTests : IAsyncLifetime
{
    private const string Front = "gateway,ingest", Worker = "worker";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private ThrowawayPostgres? _postgres;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresPrograms.Find() is null, PostgresPrograms.HowToInstall);
        _postgres = await ThrowawayPostgres.CreateAsync();
    }

    public async ValueTask DisposeAsync() => await (_postgres?.DisposeAsync() ?? ValueTask.CompletedTask);

    [Fact]
    public async Task Alerts_WhenStreamsFallSilent_AreToldOnceAtEveryGatewayAndFromAnyPlace()
    {
        await using GrainCluster cluster = await GrainCluster.StartWithAlertsAsync(_postgres!, 4, Front, Front, Worker);
        await using var here = await Reading.OpenAsync(cluster, gateway: 0, after: null);
        await using var there = await Reading.OpenAsync(cluster, gateway: 1, after: null);
        string[] streams = [.. Enumerable.Range(0, 20).Select(i => $"user/{i}")];
        await cluster.FeedAsync(Silent(streams, TimeSpan.FromSeconds(1)));

        (Alert Alert, string Id)[] told = await here.TakeAsync(20);

        Assert.Equal(streams.Order(), told.Select(t => t.Alert.Stream).Order());
        Assert.Equal(told, await there.TakeAsync(20));
        Assert.All(told, t =>
            Assert.True(t.Alert.Events == 1 && t.Alert.LogSurvival <= Math.Log(GrainCluster.Rule.Survival)
            && t.Alert.AtTicks > t.Alert.LastEventTicks));
        // Whoever comes back goes on behind the last, here or elsewhere; a place that this cluster never gave is answered with a gap.
        await using var again = await Reading.OpenAsync(cluster, gateway: 1, after: told[11].Id);
        Assert.Equal(told[12..], await again.TakeAsync(8));
        await using var stranger = await Reading.OpenAsync(cluster, gateway: 0, after: "00000000-7");
        Assert.Equal(FeedItem<Alert>.Gap(null), await stranger.NextAsync());

        await cluster.FeedAsync(Silent(["later"], TimeSpan.FromSeconds(1)));
        foreach (Reading reading in new[] { here, there, again, stranger })
        {
            Assert.Equal("later", Assert.Single(await reading.TakeAsync(1)).Alert.Stream);
        }
    }

    [Fact]
    public async Task Alerts_WhenTheirSiloIsKilled_AreRaisedByTheNextOwner()
    {
        await using GrainCluster cluster = await GrainCluster.StartWithAlertsAsync(_postgres!, 4, Front, Worker, Worker);
        await using var reading = await Reading.OpenAsync(cluster, gateway: 0, after: null);
        string[] streams = [.. Enumerable.Range(0, 60).Select(i => $"user/{i}")];
        // Some are due before the kill, some while nobody owns their partitions, and some after.
        await cluster.FeedAsync(streams.SelectMany((stream, i) => Silent([stream], TimeSpan.FromMilliseconds(1000 + 100 * i))));
        (Alert Alert, string Id)[] first = await reading.TakeAsync(10);

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[1]);

        Assert.Equal(streams.Order(), first.Concat(await reading.TakeAsync(50)).Select(t => t.Alert.Stream).Order());
    }

    [Fact]
    public async Task Alerts_WhenEventsComeInTime_AreNotRaised()
    {
        await using GrainCluster cluster = await GrainCluster.StartWithAlertsAsync(_postgres!, 2, Front, Worker);
        await using var reading = await Reading.OpenAsync(cluster, gateway: 0, after: null);
        // Time for both feeds, on a busy machine, too.
        TimeSpan due = TimeSpan.FromSeconds(15);
        await cluster.FeedAsync(Silent(["a", "b"], due));
        await cluster.FeedAsync([("a", EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), "view")]);
        await cluster.FeedAsync(Silent(["c"], due));

        Assert.Equal(["b", "c"], (await reading.TakeAsync(2)).Select(t => t.Alert.Stream).Order());
    }

    /// <summary>First events that make streams overdue a while from now.</summary>
    private static IEnumerable<(string, long, string)> Silent(string[] streams, TimeSpan due)
    {
        long time = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow
            + due - TimeSpan.FromSeconds(Deadline.Seconds(GrainCluster.Rule.Survival)));
        return streams.Select(stream => (stream, time, "view"));
    }

    private sealed class Reading(IAsyncEnumerator<FeedItem<Alert>> items) : IAsyncDisposable
    {
        public static async Task<Reading> OpenAsync(GrainCluster cluster, int gateway, string? after)
        {
            var reading = new Reading((await cluster.Platform(gateway).AlertsAsync(after, default)).GetAsyncEnumerator());
            return reading;
        }

        public async Task<FeedItem<Alert>> NextAsync()
        {
            Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(s_limit));
            return items.Current;
        }

        public async Task<(Alert Alert, string Id)[]> TakeAsync(int count)
        {
            var taken = new List<(Alert, string)>();
            while (taken.Count < count)
            {
                FeedItem<Alert> item = await NextAsync();
                taken.Add((Assert.IsType<Alert>(item.Value), Assert.IsType<string>(item.Id)));
            }
            return [.. taken];
        }

        public ValueTask DisposeAsync() => items.DisposeAsync();
    }
}
