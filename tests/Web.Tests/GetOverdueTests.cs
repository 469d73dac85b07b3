using System.Net;
using System.Text.Json.Nodes;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

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
    [InlineData("prefix=m", "middle")]
    [InlineData("prefix=nobody", "")]
    [InlineData("newerThan=10m", "middle,short")]
    [InlineData("newerThan=PT1M", "short")]
    [InlineData("newerThan=600", "middle,short")]
    [InlineData("newerThan=2026-01-31T11:55:00Z", "short")]
    [InlineData("newerThan=1769860499", "middle,short")]
    [InlineData("newerThan=100y", "400")]
    [InlineData("newerThan=5000w", "long,middle,short")]
    [InlineData("newerThan=10m&prefix=s&limit=5", "short")]
    public async Task GetOverdue_WhenSomeStreamsAreAskedFor_LeavesTheOthersOut(string query, string expected)
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(Events);

        ApiResponse answer = await api.GetAsync($"/v1/overdue?at=1769860800&after={position}&{query}");

        if (expected == "400")
        {
            Assert.Contains("'newerThan' must be", answer.AssertProblem(400, "invalid-parameter"));
            return;
        }
        Assert.Equal(expected, string.Join(',', answer.Json["streams"]!.AsArray().Select(s => (string?)s!["stream"])));
    }

    [Fact]
    public async Task GetOverdue_WhenTheModelTellsWhoIsGone_LeavesOutThoseThatHardlyComeBack()
    {
        var config = new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Censored = true };
        await using ApiHost api = await ApiHost.StartAsync(model: ForecastModel.Untrained(config, seed: 1));
        var silences = new Dictionary<string, int>();
        for (int i = 0; i < 60; i++)
        {
            silences[$"s{i}"] = 1 << (i / 2);
        }
        string position = await api.SendEventsAsync("[" + string.Join(',', silences.Select(s => $$"""{"stream":"{{s.Key}}","time":{{1769860800 - s.Value}}}""")) + "]");
        var never = new Dictionary<string, double>();
        foreach (string stream in silences.Keys)
        {
            JsonNode forecast = (await api.GetAsync($"/v1/streams/{stream}/forecast?at=1769860800&expectedCount=false&after={position}")).Json;
            never[stream] = (double)forecast["next"]!["never"]!;
        }

        IEnumerable<string?> here = await StreamsAsync(api, ""), all = await StreamsAsync(api, "&gone=true");

        Assert.Equal(silences.Keys.Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
        Assert.Equal(never.Where(n => n.Value < 0.99).Select(n => n.Key).Order(StringComparer.Ordinal), here.Order(StringComparer.Ordinal));
        Assert.InRange(here.Count(), 1, all.Count() - 1);
    }

    private static async Task<IEnumerable<string?>> StreamsAsync(ApiHost api, string query) =>
        (await api.GetAsync($"/v1/overdue?at=1769860800&limit=100{query}")).Json["streams"]!.AsArray().Select(s => (string?)s!["stream"]);

    [Theory]
    [InlineData("newerThan=lately", "newerThan")]
    [InlineData("newerThan=-5m", "newerThan")]
    [InlineData("gone=yes", "gone")]
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
