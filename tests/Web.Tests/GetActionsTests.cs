using System.Net;
using System.Text.Json.Nodes;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Web.Tests;

public sealed class GetActionsTests
{
    private const string Sent = """
        [{"stream":"a","time":"2026-01-31T12:00:00Z","mark":"buy","values":{"net":20}},
         {"stream":"a","time":"2026-01-31T13:00:00Z","mark":"mail","values":{"net":-0.2}}]
        """;

    [Fact]
    public async Task GetActions_OfAModelThatDeclaresSome_RanksThemByTheirReward()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Shop(new DecisionSettings(["mail", "call"], "net")));
        string position = await api.SendEventsAsync(Sent);

        ApiResponse answer = await api.GetAsync($"/v1/streams/a/actions?at=2026-01-31T14:00:00Z&horizon=7d&quantiles=0.1,0.9&after={position}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonNode json = answer.Json;
        Assert.Equal(("a", "2026-01-31T14:00:00Z", 604_800.0, "net"), ((string?)json["stream"], (string?)json["at"],
            (double)json["horizonSeconds"]!, (string?)json["reward"]));
        JsonNode[] actions = [.. json["actions"]!.AsArray().Select(a => a!)];
        Assert.Equal(["call", "mail"], actions.Select(a => (string)a["action"]!).Order());
        Assert.Equal(1, actions.Sum(a => (double)a["share"]!), 1e-9);
        Assert.All(actions, a => Assert.True((bool)a["isSupported"]!));
        double[] means = [.. actions.Select(a => (double)a["return"]!["mean"]!)];
        Assert.Equal(means.OrderDescending(), means);
        Assert.All(actions, a => Assert.True((double)a["return"]!["quantiles"]![0]!["value"]! <= (double)a["return"]!["quantiles"]![1]!["value"]!));
        Assert.Equal(json.ToJsonString(), (await api.GetAsync("/v1/streams/a/actions?at=2026-01-31T14:00:00Z&horizon=7d&quantiles=0.1,0.9")).Json.ToJsonString());
    }

    [Fact]
    public async Task GetActions_OfAModelThatDeclaresNone_SaysHowOneDoes()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Shop(null));
        string position = await api.SendEventsAsync(Sent);

        ApiResponse answer = await api.GetAsync($"/v1/streams/a/actions?after={position}");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("urn:foretell:problem:no-actions", (string?)answer.Json["type"]);
        Assert.Contains("foretell train --actions ... --reward ...", (string?)answer.Json["detail"]);
    }

    [Theory]
    [InlineData("/v1/streams/b/actions", HttpStatusCode.NotFound, "unknown-stream")]
    [InlineData("/v1/streams/a/actions?at=2026-01-31T11:00:00Z", HttpStatusCode.BadRequest, "before-last-event")]
    [InlineData("/v1/streams/a/actions?horizon=soon", HttpStatusCode.BadRequest, "invalid-parameter")]
    public async Task GetActions_WhichCannotBeAnswered_SaysWhy(string address, HttpStatusCode status, string kind)
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Shop(new DecisionSettings(["mail", "call"], "net")));
        string position = await api.SendEventsAsync(Sent);

        ApiResponse answer = await api.GetAsync($"{address}{(address.Contains('?') ? '&' : '?')}after={position}");

        Assert.Equal((status, $"urn:foretell:problem:{kind}"), (answer.Status, (string?)answer.Json["type"]));
    }

    private static ForecastModel Shop(DecisionSettings? actions) => ForecastModel.Untrained(new ModelConfig
    {
        Width = 16,
        Layers = 1,
        Heads = 2,
        TimeUnitSeconds = 3600,
        Marks = ["buy", "call", "mail"],
        Values = [new ValueScale("net", 10, 10)],
        ForecastsValues = true,
        Decisions = actions,
    }, 5);
}
