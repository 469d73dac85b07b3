using System.Text.Json.Nodes;
using Foretell.Support;

namespace Foretell.Web.Tests;

public class GetStreamEventsTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task GetStreamEvents_WhenEventsCome_GivesTheForecastAfterEach()
    {
        ApiHost api = shared.Host;
        string position = await SendAsync(api, "eu/42", 1769860000);
        await SendAsync(api, "eu", 1769860000);

        using FeedReader feed = await api.OpenFeedAsync($"/v1/streams/eu%2F42/events?quantiles=0.25&horizon=5m&marks=1&after={position}");
        for (int i = 0; i < 4; i++)
        {
            (string name, string? id, JsonNode data) = await feed.ReadAsync();
            Assert.Equal(("forecast", $"{i + 1}"), (name, id));
            Assert.Equal(("eu/42", i + 1, position), ((string?)data["stream"], (int)data["events"]!, (string?)data["position"]));
            string at = (string)data["forecast"]!["at"]!;
            Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1769860000 + i * 60).UtcDateTime,
                DateTime.Parse(at, null, System.Globalization.DateTimeStyles.AdjustToUniversal));
            // Nothing has come since, so that asking gives the same.
            ApiResponse asked =
                await api.GetAsync($"/v1/streams/eu%2F42/forecast?quantiles=0.25&horizon=5m&marks=1&expectedCount=false&at={at}&after={position}");
            Assert.Equal(asked.Json.ToJsonString(), data["forecast"]!.ToJsonString());
            position = await SendAsync(api, "eu/42", 1769860060 + i * 60);
        }
    }

    [Fact]
    public async Task GetStreamEvents_WhenTheReaderComesBack_TellsHowManyItMissed()
    {
        ApiHost api = shared.Host;
        string position = "";
        for (int i = 0; i < 5; i++)
        {
            position = await SendAsync(api, "back", 1769860000 + i);
        }
        using FeedReader late = await api.OpenFeedAsync($"/v1/streams/back/events?after={position}", "2");
        (string name, _, JsonNode missed) = await late.ReadAsync();
        Assert.Equal(("missed", 2), (name, (int)missed["missed"]!));
        Assert.Equal("5", (await late.ReadAsync()).Id);

        using FeedReader justBehind = await api.OpenFeedAsync("/v1/streams/back/events", "4");
        Assert.Equal(("forecast", "5"), (await justBehind.ReadAsync()) is var (e, id, _) ? (e, id) : default);

        using FeedReader upToDate = await api.OpenFeedAsync("/v1/streams/back/events", "5");
        await SendAsync(api, "back", 1769860010);
        Assert.Equal(("forecast", "6"), (await upToDate.ReadAsync()) is var (f, next, _) ? (f, next) : default);
    }

    [Fact]
    public async Task GetStreamEvents_WhenTheStreamIsUnknown_Answers404() =>
        (await shared.Host.GetAsync("/v1/streams/nobody/events")).AssertProblem(404, "unknown-stream");

    [Theory]
    [InlineData("quantiles=2", null, "quantiles")]
    [InlineData("horizon=soon", null, "horizon")]
    [InlineData("after=x", null, "after")]
    [InlineData("", "yesterday", "Last-Event-ID")]
    public async Task GetStreamEvents_WhenAParameterCannotBeUsed_Answers400NamingIt(string query, string? lastEventId, string parameter)
    {
        await SendAsync(shared.Host, "known", 1769860000);
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/streams/known/events?{query}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        ApiResponse answer = await shared.Host.SendAsync(request);

        answer.AssertProblem(400, "invalid-parameter");
        Assert.Equal(parameter, (string?)answer.Json["parameter"]);
    }

    [Fact]
    public async Task GetStreamEvents_WhenTheHostStops_EndsTheAnswerCleanly()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await SendAsync(api, "a", 1769860000);
        using FeedReader feed = await api.OpenFeedAsync($"/v1/streams/a/events?after={position}");
        Assert.Equal("forecast", (await feed.ReadAsync()).Event);
        await api.StopAsync();
        Assert.Null(await feed.ReadBlockAsync());
    }

    private static Task<string> SendAsync(ApiHost api, string stream, long time) =>
        api.SendEventsAsync($$"""[{"stream":"{{stream}}","time":{{time}}}]""");
}
