using System.Text.Json.Nodes;

namespace Foretell.Web.Tests;

public class GetDeadLettersTests
{
    [Fact]
    public async Task GetDeadLetters_WhenEventsCameLateOrFromTheFuture_ShowsThemWithReasonsNewestFirst()
    {
        await using var api = await ApiHost.StartAsync();
        await api.SendEventsAsync("""[{"stream":"a","time":"2026-01-31T12:00:00Z"},{"stream":"a","time":"2026-01-31T11:00:00Z","mark":"visit","id":"e-2"}]""");
        api.Clock.Now += TimeSpan.FromSeconds(10);
        string position = await api.SendEventsAsync("""{"stream":"b","time":"2026-03-01T00:00:00Z"}""");

        var letters = (await api.GetAsync($"/v1/dead-letters?after={position}")).Json["deadLetters"]!.AsArray();

        Assert.Equal(["future", "late"], letters.Select(l => (string?)l!["reason"]));
        JsonNode late = letters[1]!;
        Assert.Equal("a", (string?)late["stream"]);
        Assert.Equal("2026-01-31T11:00:00Z", (string?)late["time"]);
        Assert.Equal("visit", (string?)late["mark"]);
        Assert.Equal("e-2", (string?)late["id"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)late["appendTime"]);
        Assert.NotEmpty((string)late["detail"]!);
        Assert.NotNull(late["partition"]);
        Assert.NotNull(late["sequence"]);
        Assert.Null(letters[0]!["mark"]);
        Assert.Single((await api.GetAsync("/v1/dead-letters?limit=1")).Json["deadLetters"]!.AsArray());
    }

    [Fact]
    public async Task GetDeadLetters_WhenLimitIsOutOfRange_Answers400()
    {
        await using var api = await ApiHost.StartAsync();

        (await api.GetAsync("/v1/dead-letters?limit=0")).AssertProblem(400, "invalid-parameter");
    }
}
