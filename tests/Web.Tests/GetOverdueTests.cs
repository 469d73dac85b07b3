using System.Net;
using System.Text.Json.Nodes;

namespace Foretell.Web.Tests;

public class GetOverdueTests(SharedApi shared) : IClassFixture<SharedApi>
{
    private const string Events =
        """[{"stream":"long","time":1769860000},{"stream":"short","time":1769860790},{"stream":"middle","time":1769860500}]""";

    [Fact]
    public async Task GetOverdue_WhenStreamsAreSilent_ShowsTheLeastLikelySilenceFirst()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(Events);

        ApiResponse answer = await api.GetAsync($"/v1/overdue?at=1769860800&after={position}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("2026-01-31T12:00:00Z", (string?)answer.Json["at"]);
        var streams = answer.Json["streams"]!.AsArray();
        // The three have had one event each, alike but for its time: so the longest silence is the least likely.
        Assert.Equal(["long", "middle", "short"], streams.Select(s => (string?)s!["stream"]));
        Assert.Equal([800, 300, 10], streams.Select(s => (double)s!["silenceSeconds"]!));
        Assert.Equal("2026-01-31T11:46:40Z", (string?)streams[0]!["lastEventTime"]);
        foreach (JsonNode? stream in streams)
        {
            JsonNode forecast = (await api.GetAsync($"/v1/streams/{stream!["stream"]}/forecast?at=1769860800")).Json;
            Assert.Equal((double)forecast["survival"]!, (double)stream["survival"]!, 1e-9);
            Assert.Equal((double)forecast["logSurvival"]!, (double)stream["logSurvival"]!, 1e-6);
        }
    }

    [Fact]
    public async Task GetOverdue_WhenTheMomentIsInMilliseconds_SaysSo() => Assert.Contains("milliseconds: send seconds (1769860800)",
        (await shared.Host.GetAsync("/v1/overdue?at=1769860800000")).AssertProblem(400, "invalid-parameter"));

    [Fact]
    public async Task GetOverdue_WhenNothingIsSaid_AsksNow()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(Events);

        ApiResponse answer = await api.GetAsync($"/v1/overdue?limit=1&after={position}");

        Assert.Equal("2026-02-01T00:00:00Z", (string?)answer.Json["at"]);
        Assert.Equal("long", (string?)Assert.Single(answer.Json["streams"]!.AsArray())!["stream"]);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("at=noon", "at")]
    public async Task GetOverdue_WhenAParameterCannotBeUsed_Answers400NamingIt(string query, string parameter)
    {
        ApiResponse answer = await shared.Host.GetAsync($"/v1/overdue?{query}");

        answer.AssertProblem(400, "invalid-parameter");
        Assert.Equal(parameter, (string?)answer.Json["parameter"]);
    }
}
