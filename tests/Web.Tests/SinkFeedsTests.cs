using System.Text;
using System.Text.Json.Nodes;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Sinks;
using Foretell.Support;
using Foretell.Web.Feeds;

namespace Foretell.Web.Tests;

/// <summary>What sinks publish says the same as the feeds over HTTP.</summary>
public class SinkFeedsTests
{
    [Fact]
    public async Task Alerts_AreCloudEventsWithTheDataOfTheFeedOverHttp()
    {
        await using var api = await ApiHost.StartAsync();
        using FeedReader http = await api.OpenFeedAsync("/v1/alerts/events");
        await using IAsyncEnumerator<SinkItem> feed = Read(new AlertSinkFeed(api.Platform), null);
        SinkItem stands = await NextAsync(feed);
        string name = (await api.Platform.AlertsEndAsync(default)).Feed;
        Assert.Equal(new SinkItem(null, 0, new SinkPlace(name, 0)), stands);
        await SilenceAsync(api, "pump/7 \"ä\"");

        SinkItem item = await NextAsync(feed);

        JsonNode told = (await http.ReadAsync()).Data;
        JsonNode json = JsonNode.Parse(item.Message!.Body.Span)!;
        Assert.Equal(
            ("1.0", "alert/1", $"urn:foretell:{name}", "foretell.alert", "pump/7 \"ä\"", "application/json"),
            ((string?)json["specversion"], (string?)json["id"], (string?)json["source"], (string?)json["type"], (string?)json["subject"],
                (string?)json["datacontenttype"]));
        Assert.Equal((DateTime)told["at"]!, (DateTime)json["time"]!);
        Assert.True(JsonNode.DeepEquals(told, json["data"]), json.ToJsonString());
        Assert.Equal(("alert/1", "pump/7 \"ä\"", "application/cloudevents+json"), (item.Message.Id, item.Message.Key, item.Message.ContentType));
        Assert.Equal((0L, new SinkPlace(name, 1)), (item.Missed, item.Place));
    }

    [Fact]
    public async Task Alerts_WhenReadAgain_GoOnBehindThePlaceWithTheSameIds()
    {
        await using var api = await ApiHost.StartAsync();
        string name = (await api.Platform.AlertsEndAsync(default)).Feed;
        await SilenceAsync(api, "a");
        await SilenceAsync(api, "b");

        await using IAsyncEnumerator<SinkItem> all = Read(new AlertSinkFeed(api.Platform), new SinkPlace(name, 0));
        await NextAsync(all);
        SinkItem first = await NextAsync(all), second = await NextAsync(all);
        await using IAsyncEnumerator<SinkItem> rest = Read(new AlertSinkFeed(api.Platform), first.Place);
        await NextAsync(rest);
        SinkItem again = await NextAsync(rest);

        Assert.Equal("alert/2", again.Message!.Id);
        Assert.Equal(second.Message!.Body.ToArray(), again.Message.Body.ToArray());
    }

    [Theory]
    [InlineData("0a1b2c3d", 1)]
    [InlineData("", 9)]
    public async Task Alerts_WhenThePlaceIsNotKnown_TellAllThatIsHeldAndThatSomeMayBeMissing(string feed, long number)
    {
        await using var api = await ApiHost.StartAsync();
        string name = (await api.Platform.AlertsEndAsync(default)).Feed;
        await SilenceAsync(api, "a");
        await SilenceAsync(api, "b");

        await using IAsyncEnumerator<SinkItem> items =
            Read(new AlertSinkFeed(api.Platform), new SinkPlace(feed.Length > 0 ? feed : name, number));

        Assert.Equal(new SinkItem(null, null, new SinkPlace(name, 0)), await NextAsync(items));
        Assert.Equal(["alert/1", "alert/2"], [(await NextAsync(items)).Message!.Id, (await NextAsync(items)).Message!.Id]);
    }

    [Fact]
    public async Task Forecasts_AreCloudEventsWithTheDataOfTheFeedOverHttp()
    {
        await using var api = await ApiHost.StartAsync();
        await SendAsync(api, "a");
        using FeedReader http = await api.OpenFeedAsync("/v1/streams/a/events");
        await using IAsyncEnumerator<SinkItem> feed = Read(new ForecastSinkFeed(api.Platform, "a"), null);
        Assert.Equal(new SinkItem(null, 0, null), await NextAsync(feed));
        await NextAsync(feed);
        await http.ReadAsync();
        Position position = await SendAsync(api, "a");

        SinkItem item = await NextAsync(feed);

        JsonNode told = (await http.ReadAsync()).Data;
        JsonNode json = JsonNode.Parse(item.Message!.Body.Span)!;
        Assert.True(JsonNode.DeepEquals(told, json["data"]), json.ToJsonString());
        (int partition, long sequence) = position.Parts.Single();
        Assert.Equal(($"forecast/{partition}/{sequence}", "foretell.forecast", "a"),
            ((string?)json["id"], (string?)json["type"], (string?)json["subject"]));
        Assert.Equal(api.Clock.Now.UtcDateTime, (DateTime)json["time"]!);
        Assert.Equal((0L, 2L), (item.Missed, item.Place!.Value.Number));
    }

    [Theory]
    [InlineData(1, 4, 2L)]
    [InlineData(4, 5, 0L)]
    [InlineData(9, 4, 0L)]
    public async Task Forecasts_WhenReadAgain_CountThoseThatNobodyRead(long published, long next, long missed)
    {
        await using var api = await ApiHost.StartAsync();
        string name = (await api.Platform.AlertsEndAsync(default)).Feed;
        for (int i = 0; i < 4; i++)
        {
            await SendAsync(api, "a");
        }
        await using IAsyncEnumerator<SinkItem> feed = Read(new ForecastSinkFeed(api.Platform, "a"), new SinkPlace(name, published));
        await NextAsync(feed);
        ValueTask<bool> waiting = feed.MoveNextAsync();
        if (next == 5)
        {
            // The one that was published last is told first, and is not published again.
            await SendAsync(api, "a");
        }
        Assert.True(await waiting.AsTask().WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal((missed, next), (feed.Current.Missed, feed.Current.Place!.Value.Number));
    }

    [Fact]
    public async Task Status_WhenASinkPublishes_SaysHowFarAndWhatIsWrong()
    {
        await using var api = await ApiHost.StartAsync();
        Assert.Empty((await api.GetAsync("/v1/status")).Json["sinks"]!.AsArray());
        api.Platform.Sinks = () =>
        [
            new SinkProgress(new SourcePartition("sink:out", "alerts"), 7, 3, 1, "alerts cannot be published."),
            new SinkProgress(new SourcePartition("sink:out", "forecasts of a"), -1, 0, 0, null),
        ];

        JsonNode status = (await api.GetAsync("/v1/status")).Json;

        Assert.Equal("""[{"sink":"out","feed":"alerts","number":7,"published":3,"missed":1,"problem":"alerts cannot be published."},"""
            + """{"sink":"out","feed":"forecasts of a","number":null,"published":0,"missed":0,"problem":null}]""", status["sinks"]!.ToJsonString());
        Assert.Equal("""["alerts cannot be published."]""", status["problems"]!.ToJsonString());
        Assert.Equal(503, (int)(await api.GetAsync("/health/cluster")).Status);
        // A broker that is away is no reason to send the host no requests.
        Assert.Equal(200, (int)(await api.GetAsync("/health/ready")).Status);
    }

    private static IAsyncEnumerator<SinkItem> Read(ISinkFeed feed, SinkPlace? after) => feed.ReadAsync(after, default).GetAsyncEnumerator();

    private static async Task<SinkItem> NextAsync(IAsyncEnumerator<SinkItem> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        return items.Current;
    }

    private static async Task<Position> SendAsync(ApiHost api, string stream)
    {
        var batch = new EventBatch();
        batch.TryAdd(Encoding.UTF8.GetBytes(stream), EventTime.FromDateTimeOffset(api.Clock.Now), "visit"u8, []);
        Position position = (await api.Platform.AppendAsync(batch, null, default)).Position;
        await api.Platform.WaitAppliedAsync(position, default);
        return position;
    }

    /// <summary>One event of a stream, and then so long nothing that it is overdue.</summary>
    private static async Task SilenceAsync(ApiHost api, string stream)
    {
        AlertPlace before = await api.Platform.AlertsEndAsync(default);
        await SendAsync(api, stream);
        IAsyncEnumerable<FeedItem<Alert>> alerts = await api.Platform.AlertsAsync(before.ToString(), default);
        var snapshot = (await api.Platform.FindAsync(stream, default))!;
        double seconds = api.Platform.Forecaster.Forecast(snapshot.State, 0).Quantile(0.999);
        api.Clock.Now = EventTime.ToDateTimeOffset(snapshot.LastEventTicks) + TimeSpan.FromSeconds(seconds + 0.2);
        await foreach (FeedItem<Alert> raised in alerts)
        {
            if (raised.Value?.Stream == stream)
            {
                return;
            }
        }
    }
}
