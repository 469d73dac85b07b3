using System.Net;
using System.Text.Json.Nodes;
using Foretell.Engine;

namespace Foretell.Web.Tests;

public class PostForecastsTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task PostForecasts_WhenStreamsAreKnown_AnswersAsTheSingleQuestions()
    {
        await using var api = await StartAsync();

        ApiResponse answer = await AskAsync(api, """{"streams":["b","a","b"],"at":1769860900,"horizon":"30m","quantiles":[0.2,0.8]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var items = answer.Json["forecasts"]!.AsArray();
        Assert.Equal(["b", "a", "b"], items.Select(i => (string?)i!["stream"]));
        foreach (JsonNode? item in items)
        {
            ApiResponse single = await api.GetAsync(
                $"/v1/streams/{item!["stream"]}/forecast?at=1769860900&horizon=1800&quantiles=0.2,0.8");
            Assert.True(JsonNode.DeepEquals(single.Json, item["forecast"]), item.ToJsonString());
            Assert.Null(item["problem"]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task PostForecasts_WhenFewMarksAreWanted_AnswersAsTheSingleQuestion(int marks)
    {
        await using var api = await StartAsync();

        ApiResponse answer = await AskAsync(api, $$"""{"streams":["a"],"at":1769860900,"marks":{{marks}},"expectedCount":false}""");

        JsonNode forecast = answer.Json["forecasts"]![0]!["forecast"]!;
        Assert.Equal((marks, 2 - marks), (forecast["marks"]!.AsArray().Count, (int)forecast["otherMarks"]!["count"]!));
        Assert.True(JsonNode.DeepEquals(forecast,
            (await api.GetAsync($"/v1/streams/a/forecast?at=1769860900&marks={marks}&expectedCount=false")).Json), forecast.ToJsonString());
    }

    [Fact]
    public async Task PostForecasts_WhenTooManyMarksAreWanted_SaysWhatIsAllowed() => Assert.Contains("a whole number from 0 to 4096",
        (await AskAsync(shared.Host, """{"streams":["a"],"marks":5000}""")).AssertProblem(400, "invalid-parameter"));

    [Fact]
    public async Task PostForecasts_WhenPathsAreWanted_DrawsThoseOfTheSingleQuestion()
    {
        await using var api = await StartAsync();

        ApiResponse answer = await AskAsync(api, """{"streams":["a","b"],"at":1769860900,"expectedCount":false,"paths":3}""");

        JsonNode one = (await api.GetAsync("/v1/streams/b/forecast?at=1769860900&expectedCount=false&paths=3")).Json;
        Assert.True(JsonNode.DeepEquals(one["paths"], answer.Json["forecasts"]![1]!["forecast"]!["paths"]), answer.Text);
        string many = string.Join(',', Enumerable.Repeat("\"a\"", 21));
        Assert.Contains("more than the 20,000 paths", (await AskAsync(api, $$"""{"streams":[{{many}}],"paths":1000}"""))
            .AssertProblem(400, "invalid-parameter"));
    }

    [Fact]
    public async Task PostForecasts_WhenSomeStreamsCannotBeAnswered_SaysWhyForThoseAlone()
    {
        await using var api = await StartAsync();

        // "b" has its last event at 1769860860, after the moment asked about.
        ApiResponse answer = await AskAsync(api, """{"streams":["a","nobody","b"],"at":"2026-01-31T12:00:30Z"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var items = answer.Json["forecasts"]!.AsArray();
        Assert.NotNull(items[0]!["forecast"]);
        Assert.Null(items[1]!["forecast"]);
        Assert.Equal("urn:foretell:problem:unknown-stream", (string?)items[1]!["problem"]!["type"]);
        Assert.Equal(404, (int?)items[1]!["problem"]!["status"]);
        Assert.Equal("urn:foretell:problem:before-last-event", (string?)items[2]!["problem"]!["type"]);
        Assert.NotEmpty((string)items[2]!["problem"]!["detail"]!);
    }

    [Fact]
    public async Task PostForecasts_WhenExpectedCountsAreNotWanted_LeavesThemOut()
    {
        await using var api = await StartAsync();

        ApiResponse answer = await AskAsync(api, """{"streams":["a"],"expectedCount":false}""");

        Assert.Null(answer.Json["forecasts"]![0]!["forecast"]!["expectedCount"]);
        Assert.NotNull(answer.Json["forecasts"]![0]!["forecast"]!["next"]!["median"]);
    }

    [Fact]
    public async Task PostForecasts_WhenAPartitionDoesNotServe_SaysSoForItsStreams()
    {
        await using var api = await ApiHost.StartAsync(wrap: platform => new FaultyPlatform(platform)
        {
            OnFind = () => throw new PlatformUnavailableException("Partition 0 is being loaded."),
        });

        ApiResponse answer = await AskAsync(api, """{"streams":["a"]}""");

        Assert.Equal(503, (int?)answer.Json["forecasts"]![0]!["problem"]!["status"]);
    }

    [Theory]
    [InlineData("""{"streams":[]}""", "invalid-parameter")]
    [InlineData("""{}""", "invalid-parameter")]
    [InlineData("""{"streams":["1","2","3","4"]}""", "invalid-parameter")]
    [InlineData("""{"streams":["a"],"at":"noon"}""", "invalid-parameter")]
    [InlineData("""{"streams":["a"],"horizon":0}""", "invalid-parameter")]
    [InlineData("""{"streams":["a"],"quantiles":[1]}""", "invalid-parameter")]
    [InlineData("""{"streams":"a"}""", "malformed-body")]
    [InlineData("""{"streams":["a"],"horizont":"1h"}""", "malformed-body")]
    [InlineData("""{"streams":["a"],"at":{}}""", "malformed-body")]
    [InlineData("""{"streams":["a"],"quantiles":["0.5"]}""", "malformed-body")]
    [InlineData("""{"streams":["a"]""", "malformed-body")]
    [InlineData("", "invalid-parameter")]
    public async Task PostForecasts_WhenBodyCannotBeUsed_Answers400(string body, string problem) =>
        (await AskAsync(shared.Host, body)).AssertProblem(400, problem);

    [Fact]
    public async Task PostForecasts_WhenBodyDoesNotFit_SaysWhere()
    {
        string detail = (await AskAsync(shared.Host, """{"streams":["a",3]}""")).AssertProblem(400, "malformed-body");

        Assert.Contains("line 1", detail, StringComparison.Ordinal);
        Assert.Contains("$.streams[1]", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostForecasts_WhenTypeIsNotJson_Answers415()
    {
        (await shared.Host.PostAsync("/v1/forecasts", "text/plain", "{}")).AssertProblem(415, "unsupported-media-type");
    }

    [Fact]
    public async Task PostForecasts_WhenBodyExceedsTheLimit_Answers413()
    {
        await using var api = await ApiHost.StartAsync(o => o.MaxBodyBytes = 100);

        (await AskAsync(api, """{"streams":["a"]}""" + new string(' ', 100))).AssertProblem(413, "body-too-large");
    }

    private static async Task<ApiHost> StartAsync()
    {
        var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(
            """[{"stream":"a","time":1769860700},{"stream":"a","time":1769860800},{"stream":"b","time":1769860860}]""");
        await api.GetAsync($"/v1/status?after={position}");
        return api;
    }

    private static Task<ApiResponse> AskAsync(ApiHost api, string body) => api.PostAsync("/v1/forecasts", "application/json", body);
}
