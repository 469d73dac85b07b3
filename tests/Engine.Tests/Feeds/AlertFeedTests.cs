using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Engine.Tests.Feeds;

public sealed class AlertFeedTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestTime _time = new();
    private SqliteAlertLog _log = null!;
    private AlertFeed _feed = null!;

    public async ValueTask InitializeAsync()
    {
        // The log of alerts looks into the log beside it for what sinks have published.
        await SqliteEventLog.Open(_folder.At("log.db"), 1, _time).DisposeAsync();
        _log = SqliteAlertLog.Open(_folder.Path, _time);
        _feed = new AlertFeed(_log);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Subscribe_WhenTheReaderIsSlow_MissesNothing()
    {
        const int alerts = 3000;
        await using var reader = (await _feed.OpenAsync(null, default)).GetAsyncEnumerator();
        ValueTask<bool> first = reader.MoveNextAsync();
        await PublishAsync(0, 1);
        Assert.True(await first);
        await PublishAsync(1, alerts);

        for (int number = 1; number <= alerts; number++)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(number, reader.Current.Value!.Events);
        }
    }

    [Fact]
    public async Task Open_BeforeAnAlertIsRaised_BeginsWithIt()
    {
        IAsyncEnumerable<FeedItem<Alert>> items = await _feed.OpenAsync(null, default);
        await PublishAsync(7, 1);

        Assert.Equal(7, (await TakeAsync(items, 1))[0].Value!.Events);
    }

    [Fact]
    public async Task Open_WhenTheReaderComesBack_GoesOnBehindTheLastAlertItRead()
    {
        IAsyncEnumerable<FeedItem<Alert>> items = await _feed.OpenAsync(null, default);
        await PublishAsync(0, 5);
        List<FeedItem<Alert>> all = await TakeAsync(items, 5);

        Assert.Equal(all[2..], await TakeAsync(await _feed.OpenAsync(all[1].Id, default), 3));

        // After a restart, too.
        await _log.DisposeAsync();
        _log = SqliteAlertLog.Open(_folder.Path, _time);
        _feed = new AlertFeed(_log);
        Assert.Equal(all[2..], await TakeAsync(await _feed.OpenAsync(all[1].Id, default), 3));
    }

    [Fact]
    public async Task Open_WhenTheReaderWasAwayForLong_TellsHowManyAreGone()
    {
        IAsyncEnumerable<FeedItem<Alert>> items = await _feed.OpenAsync(null, default);
        await PublishAsync(0, 2);
        List<FeedItem<Alert>> all = await TakeAsync(items, 2);
        await PublishAsync(2, AlertRetention.Latest + 3);
        _time.Advance(AlertRetention.MaxAge + TimeSpan.FromSeconds(1));
        await PublishAsync(5000, 1);

        List<FeedItem<Alert>> rest = await TakeAsync(await _feed.OpenAsync(all[1].Id, default), 2);

        // The append cleared away twice what it added: alerts 1 and 2 of the feed.
        Assert.Equal(2, rest[0].Value!.Events);
        await PublishAsync(6000, 1);
        rest = await TakeAsync(await _feed.OpenAsync(all[1].Id, default), 2);
        Assert.Equal((null, 2L, 4L), (rest[0].Value, rest[0].Missed, rest[1].Value!.Events));
    }

    [Fact]
    public async Task Read_WhenARowIsDamaged_TellsThatOneIsMissingAndGoesOn()
    {
        var sound = new Alert("s", 1, 0, EventTime.Max, -7, 0.001);
        Alert[] damaged =
        [
            sound with { Stream = "a", LastEventTicks = long.MaxValue }, sound with { Stream = "b", AtTicks = long.MinValue },
            sound with { Stream = "c", LogSurvival = double.Epsilon }, sound with { Stream = "d", Threshold = 0 },
            sound with { Stream = "e", Threshold = 1.5 }, sound with { Stream = "f", Events = -1 },
        ];
        Assert.All([sound with { LogSurvival = double.NaN }, sound with { Threshold = double.NaN }, .. damaged],
            a => Assert.False(a.IsPossible));
        IAsyncEnumerable<FeedItem<Alert>> pushed = await _feed.OpenAsync(null, default);
        string begin = (await _feed.EndAsync(default)).ToString();
        await _feed.PublishAsync(0, 1, [.. damaged, sound]);

        foreach (IAsyncEnumerable<FeedItem<Alert>> items in new[] { pushed, await new AlertFeed(_log).OpenAsync(begin, default) })
        {
            List<FeedItem<Alert>> all = await TakeAsync(items, damaged.Length + 1);
            Assert.All(all[..^1], item => Assert.Equal(FeedItem<Alert>.Gap(1), item));
            Assert.Equal(sound, all[^1].Value);
            Assert.EndsWith("-7", all[^1].Id, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("0a1b2c3d-7")]
    [InlineData("nonsense")]
    [InlineData("-1")]
    public async Task Open_WhenThePlaceIsOfAnotherFeed_SaysThatNobodyKnowsHowManyAreMissing(string after)
    {
        await PublishAsync(0, 3);
        IAsyncEnumerable<FeedItem<Alert>> opened = await _feed.OpenAsync(after, default);
        await PublishAsync(3, 1);
        List<FeedItem<Alert>> items = await TakeAsync(opened, 2);

        Assert.Equal((null, null), (items[0].Value, items[0].Missed));
        Assert.Equal(3, items[1].Value!.Events);
    }

    [Fact]
    public async Task Subscribe_WhenTheFeedEnds_EndsWithItsReason()
    {
        await using var reader = (await _feed.OpenAsync(null, default)).GetAsyncEnumerator();
        Task<bool> first = reader.MoveNextAsync().AsTask();
        _feed.End(new PlatformUnavailableException("over"));
        Assert.Equal("over", (await Assert.ThrowsAsync<PlatformUnavailableException>(() => first)).Message);
    }

    private Task PublishAsync(int first, int count) =>
        _feed.PublishAsync(0, 1, [.. Enumerable.Range(first, count).Select(i => new Alert("s", i, 0, 0, -7, 0.001))]);

    private static async Task<List<FeedItem<Alert>>> TakeAsync(IAsyncEnumerable<FeedItem<Alert>> items, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var taken = new List<FeedItem<Alert>>();
        await foreach (FeedItem<Alert> item in items.WithCancellation(limit.Token))
        {
            taken.Add(item);
            if (taken.Count == count)
            {
                break;
            }
        }
        return taken;
    }
}
