using Foretell.Engine.Alerts;
using Foretell.Engine.Feeds;

namespace Foretell.Engine.Tests.Feeds;

public class AlertFeedTests
{
    private readonly AlertFeed _feed = new();

    [Fact]
    public async Task Subscribe_WhenTheReaderIsSlow_TellsHowManyItMissedAndGoesOn()
    {
        await using var reader = _feed.SubscribeAsync(null, default).GetAsyncEnumerator();
        ValueTask<bool> first = reader.MoveNextAsync();
        Publish(0, 1);
        Assert.True(await first);
        Assert.Equal(0, reader.Current.Value!.Events);

        const int kept = AlertFeed.Kept + 1;
        Publish(1, kept + 10);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal((null, 10L), (reader.Current.Value, reader.Current.Missed));
        for (int number = 11; number < kept + 11; number++)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(number, reader.Current.Value!.Events);
        }
    }

    [Fact]
    public async Task Subscribe_WhenTheReaderComesBack_GoesOnBehindTheLastAlertItRead()
    {
        List<FeedItem<Alert>> all = await ReadAsync(null, 5, () => Publish(0, 5));

        List<FeedItem<Alert>> rest = await ReadAsync(all[1].Id, 3);

        Assert.Equal(all[2..], rest);
    }

    [Fact]
    public async Task Subscribe_WhenTheReaderWasAwayForLong_TellsHowManyAreGone()
    {
        List<FeedItem<Alert>> all = await ReadAsync(null, 2, () => Publish(0, 2));
        Publish(2, AlertFeed.Kept + 3);

        List<FeedItem<Alert>> rest = await ReadAsync(all[1].Id, AlertFeed.Kept + 1);

        Assert.Equal((null, 3L), (rest[0].Value, rest[0].Missed));
        Assert.Equal(Enumerable.Range(5, AlertFeed.Kept), rest[1..].Select(item => (int)item.Value!.Events));
    }

    [Theory]
    [InlineData("0a1b2c3d-7")]
    [InlineData("nonsense")]
    [InlineData("-1")]
    public async Task Subscribe_WhenThePlaceIsOfAnotherFeed_SaysThatNobodyKnowsHowManyAreMissing(string after)
    {
        Publish(0, 3);
        List<FeedItem<Alert>> items = await ReadAsync(after, 2, () => Publish(3, 1));

        Assert.Equal((null, null), (items[0].Value, items[0].Missed));
        Assert.Equal(3, items[1].Value!.Events);
    }

    [Fact]
    public async Task Subscribe_WhenTheFeedEnds_EndsWithItsReason()
    {
        await using var reader = _feed.SubscribeAsync(null, default).GetAsyncEnumerator();
        Task<bool> first = reader.MoveNextAsync().AsTask();
        _feed.End(new PlatformUnavailableException("over"));
        Assert.Equal("over", (await Assert.ThrowsAsync<PlatformUnavailableException>(() => first)).Message);
    }

    private void Publish(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            _feed.Publish(new Alert("s", i, 0, 0, -7, 0.001));
        }
    }

    private async Task<List<FeedItem<Alert>>> ReadAsync(string? after, int count, Action? subscribed = null)
    {
        var items = new List<FeedItem<Alert>>();
        await using var reader = _feed.SubscribeAsync(after, default).GetAsyncEnumerator();
        Task<bool> next = reader.MoveNextAsync().AsTask();
        subscribed?.Invoke();
        while (items.Count < count)
        {
            Assert.True(await next);
            items.Add(reader.Current);
            next = items.Count < count ? reader.MoveNextAsync().AsTask() : Task.FromResult(false);
        }
        return items;
    }
}
