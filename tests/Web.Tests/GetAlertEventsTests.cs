using System.Text.Json.Nodes;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Rows;
using Foretell.Models.Forecasting;
using Foretell.Support;

namespace Foretell.Web.Tests;

public class GetAlertEventsTests
{
    [Fact]
    public async Task GetAlertEvents_WhenAStreamFallsSilent_TellsOfEachSilenceOnce()
    {
        await using var api = await ApiHost.StartAsync();
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        DateTimeOffset first = api.Clock.Now;
        await SendAsync(api, "a");
        await PassDeadlineAsync(api, "a");

        (string name, string? id, JsonNode alert) = await feed.ReadAsync();

        Assert.Equal("alert", name);
        Assert.NotNull(id);
        Assert.Equal(("a", 1, first.UtcDateTime), ((string?)alert["stream"], (int)alert["events"]!, (DateTime)alert["lastEventTime"]!));
        Assert.Equal(0.001, (double)alert["threshold"]!);
        Assert.InRange((double)alert["survival"]!, 0, 0.001);
        Assert.Equal(Math.Log((double)alert["survival"]!), (double)alert["logSurvival"]!, 1e-9);
        Assert.Equal((api.Clock.Now - first).TotalSeconds, (double)alert["silenceSeconds"]!, 1e-6);

        // An event ends the silence. Were the first told again, it would come before the second's alert.
        await SendAsync(api, "a");
        await PassDeadlineAsync(api, "a");
        Assert.Equal(2, (int)(await feed.ReadAsync()).Data["events"]!);
        await SendAsync(api, "b");
        await PassDeadlineAsync(api, "b");
        Assert.Equal("b", (string?)(await feed.ReadAsync()).Data["stream"]);
    }

    [Fact]
    public async Task GetAlertEvents_WhenAnEventComesInTime_TellsOfTheNextSilence()
    {
        await using var api = await ApiHost.StartAsync();
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        await SendAsync(api, "a");
        await SendAsync(api, "b");
        // Both would be overdue at the same time; only one has an event just before.
        DateTimeOffset deadline = await DeadlineAsync(api, "a");
        api.Clock.Now = deadline - TimeSpan.FromMilliseconds(1);
        await SendAsync(api, "a");
        api.Clock.Now = deadline + TimeSpan.FromMilliseconds(200);

        Assert.Equal("b", (string?)(await feed.ReadAsync()).Data["stream"]);
        await PassDeadlineAsync(api, "a");
        JsonNode next = (await feed.ReadAsync()).Data;
        Assert.Equal(("a", 2), ((string?)next["stream"], (int)next["events"]!));
    }

    [Fact]
    public async Task GetAlertEvents_WhenTheHostStartsAgain_StillKnowsWhoIsDue()
    {
        using var directory = new TemporaryFolder();
        var clock = new ShownTime(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        DateTimeOffset deadline;
        await using (var first = await ApiHost.StartAsync(directory: directory.Path, clock: clock))
        {
            await SendAsync(first, "a");
            deadline = await DeadlineAsync(first, "a");
        }
        await using var second = await ApiHost.StartAsync(directory: directory.Path, clock: clock);
        using FeedReader feed = await second.OpenFeedAsync("/v1/alerts/events");

        clock.Now = deadline + TimeSpan.FromMilliseconds(200);

        JsonNode alert = (await feed.ReadAsync()).Data;
        Assert.Equal(("a", 1), ((string?)alert["stream"], (int)alert["events"]!));
    }

    [Fact]
    public async Task GetAlertEvents_WhenTheReaderComesBack_GoesOnBehindTheLastAlertOrSaysThatItCannot()
    {
        await using var api = await ApiHost.StartAsync();
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        string? id = null;
        foreach (string stream in new[] { "a", "b", "c" })
        {
            await SendAsync(api, stream);
            await PassDeadlineAsync(api, stream);
            string? read = (await feed.ReadAsync()).Id;
            id ??= read;
        }

        using FeedReader again = await api.OpenFeedAsync("/v1/alerts/events", id);
        Assert.Equal("b", (string?)(await again.ReadAsync()).Data["stream"]);
        Assert.Equal("c", (string?)(await again.ReadAsync()).Data["stream"]);

        using FeedReader stranger = await api.OpenFeedAsync("/v1/alerts/events", "00000000-12");
        (string name, string? none, JsonNode missed) = await stranger.ReadAsync();
        Assert.Equal(("missed", null, null), (name, none, missed["missed"]));
        Assert.Contains("/v1/overdue", (string?)missed["detail"]);
    }

    [Fact]
    public async Task GetAlertEvents_WhenItIsQuiet_SendsHeartbeats()
    {
        await using var api = await ApiHost.StartAsync(o => o.Heartbeat = TimeSpan.FromMilliseconds(20));
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([": heartbeat"], (await feed.ReadBlockAsync())!);
        }
    }

    [Fact]
    public async Task GetAlertEvents_WhenTheHostStops_EndsTheAnswerCleanly()
    {
        await using var api = await ApiHost.StartAsync();
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        await api.StopAsync();
        Assert.Null(await feed.ReadBlockAsync());
    }

    [Fact]
    public async Task GetAlertEvents_WhenThePlatformFails_TellsWhyAndEnds()
    {
        await using var api = await ApiHost.StartAsync(wrap: p => new FaultyPlatform(p) { OnAlerts = Fail });
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");
        (string name, _, JsonNode problem) = await feed.ReadAsync();
        Assert.Equal("problem", name);
        Assert.Equal(("urn:foretell:problem:unavailable", 503, "Partition 3 is gone."),
            ((string?)problem["type"], (int)problem["status"]!, (string?)problem["detail"]));
        Assert.Null(await feed.ReadBlockAsync());

        static async IAsyncEnumerable<FeedItem<Alert>> Fail()
        {
            await Task.Yield();
            yield return FeedItem<Alert>.Gap(1).Missed == 1 ? throw new PlatformUnavailableException("Partition 3 is gone.") : default;
        }
    }

    private static async Task SendAsync(ApiHost api, string stream)
    {
        string position = await api.SendEventsAsync($$"""[{"stream":"{{stream}}","time":"{{api.Clock.Now.UtcDateTime:O}}"}]""");
        Assert.True(Position.TryParse(position, out Position parsed));
        await api.Platform.WaitAppliedAsync(parsed, default);
    }

    private static async Task<DateTimeOffset> DeadlineAsync(ApiHost api, string stream)
    {
        StreamSnapshot snapshot = (await api.Platform.FindAsync(stream, default))!;
        return EventTime.ToDateTimeOffset(snapshot.LastEventTicks)
            + TimeSpan.FromSeconds(new Forecaster(api.Platform.Model).Forecast(snapshot.State, 0).Quantile(0.999));
    }

    private static async Task PassDeadlineAsync(ApiHost api, string stream) =>
        api.Clock.Now = await DeadlineAsync(api, stream) + TimeSpan.FromMilliseconds(200);
}
