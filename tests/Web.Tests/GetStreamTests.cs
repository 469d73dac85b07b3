using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Foretell.Engine;
using Foretell.Engine.Rows;
using Foretell.Models.Heads;
using Foretell.Models.Monitoring;
using Foretell.Support;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class GetStreamTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task GetStream_WhenItHasEvents_ShowsWhereItStands()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(
            """[{"stream":"a","time":"2026-01-31T12:00:00Z"},{"stream":"a","time":"2026-01-31T12:00:01.25Z"}]""");

        ApiResponse answer = await api.GetAsync($"/v1/streams/a?after={position}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        StreamSnapshot snapshot = (await api.Platform.FindAsync("a", CancellationToken.None))!;
        Assert.Equal("a", (string?)answer.Json["stream"]);
        Assert.Equal(2, (int?)answer.Json["events"]);
        Assert.Equal("2026-01-31T12:00:01.25Z", (string?)answer.Json["lastEventTime"]);
        Assert.Equal(api.Platform.Model.Id, (string?)answer.Json["model"]);
        Assert.Equal(snapshot.StateBytes, (int?)answer.Json["stateBytes"]);
        Assert.Matches("^[0-9a-f]{64}$", (string)answer.Json["stateDigest"]!);
        Assert.Equal(snapshot.Digest(api.Platform.Model), (string?)answer.Json["stateDigest"]);
    }

    [Fact]
    public async Task GetStream_WhenEventsWereScored_ShowsHowItsForecastsDid()
    {
        await using var api = await ApiHost.StartAsync();
        string first = await api.SendEventsAsync("""{"stream":"a","time":1,"mark":"visit"}""");
        Assert.Null((await api.GetAsync($"/v1/streams/a?after={first}")).Json["live"]);

        string position = await api.SendEventsAsync("""[{"stream":"a","time":2,"mark":"visit"},{"stream":"a","time":5,"mark":"purchase"}]""");
        ApiResponse answer = await api.GetAsync($"/v1/streams/a?after={position}");

        LiveScores scores = (await api.Platform.FindAsync("a", CancellationToken.None))!.Scores;
        Assert.Equal(2, (int?)answer.Json["live"]!["events"]);
        Assert.Equal(scores.Nll, (double?)answer.Json["live"]!["nll"]);
        Assert.Equal(scores.BaselineNll, (double?)answer.Json["live"]!["baselineNll"]);
        Assert.NotEqual(scores.Nll, scores.BaselineNll);
        Assert.InRange((double)answer.Json["live"]!["lastEventPValue"]!, 1e-37, 1);
        Assert.Equal(0, (int?)answer.Json["live"]!["drift"]!["alarms"]);
        Assert.Null(answer.Json["live"]!["drift"]!["eventsSinceLast"]);
    }

    [Fact]
    public async Task GetStream_WhenTheModelAdapts_ShowsWhatTheStreamHasOfItsOwn()
    {
        await using var api = await ApiHost.StartAsync(model: Small.Model);
        string position = await api.SendEventsAsync(
            "[" + string.Join(",", Enumerable.Range(0, 50).Select(i => $$"""{"stream":"a","time":{{i}},"mark":"buy"}""")) + "]");

        JsonNode adapted = (await api.GetAsync($"/v1/streams/a?after={position}")).Json["adapted"]!;

        StreamSnapshot snapshot = (await api.Platform.FindAsync("a", CancellationToken.None))!;
        AdaptationReport report = Small.Model.Adapted(snapshot.State.AsSpan(Small.Model.MixerFloats, Small.Model.BasisFloats))!;
        Assert.Equal((report.GapFactor, report.GapLogEvidence, report.MarkLogEvidence),
            ((double)adapted["gapFactor"]!, (double)adapted["gapLogEvidence"]!, (double)adapted["markLogEvidence"]!));
        Assert.True(report is { GapFactor: < 0.5, MarkLogEvidence: > 2 }, report.ToString());
        Assert.Null(adapted["sharedGapFactor"]);
        await using var plain = await ApiHost.StartAsync(model: Small.Model.WithAdaptation(false));
        position = await plain.SendEventsAsync("""{"stream":"a","time":1}""");
        Assert.Null((await plain.GetAsync($"/v1/streams/a?after={position}")).Json["adapted"]);
    }

    [Theory]
    [InlineData("eu/42")]
    [InlineData("eu%2F42")]
    [InlineData("100%")]
    [InlineData("eu/forecast")]
    [InlineData("forecast")]
    [InlineData("/")]
    [InlineData("a b+c")]
    [InlineData("a?b#c&d=e")]
    [InlineData("a..b")]
    [InlineData("../a")]
    [InlineData("кот 🐈")]
    [InlineData("a\\b\"c")]
    [InlineData("line\nfeed")]
    public async Task GetStream_WhenKeyNeedsEscapes_FindsExactlyThatStream(string key)
    {
        ApiHost api = shared.Host;
        string position = await api.SendEventsAsync($$"""{"stream":{{JsonSerializer.Serialize(key)}},"time":1}""");
        string address = "/v1/streams/" + Uri.EscapeDataString(key);

        ApiResponse stream = await api.GetAsync($"{address}?after={position}");
        ApiResponse forecast = await api.GetAsync($"{address}/forecast?after={position}");

        Assert.Equal(key, (string?)stream.Json["stream"]);
        Assert.Equal(1, (int?)stream.Json["events"]);
        Assert.Equal(key, (string?)forecast.Json["stream"]);
        Assert.NotNull(forecast.Json["next"]);
    }

    [Fact]
    public async Task GetStream_WhenKeysDifferOnlyInTheirEscapes_TellsThemApart()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(
            """[{"stream":"a/b","time":1},{"stream":"a%2Fb","time":1},{"stream":"a%2Fb","time":2}]""");

        Assert.Equal(1, (int?)(await api.GetAsync($"/v1/streams/a%2Fb?after={position}")).Json["events"]);
        Assert.Equal(2, (int?)(await api.GetAsync($"/v1/streams/a%252Fb?after={position}")).Json["events"]);
    }

    [Fact]
    public async Task GetStream_WhenNobodySentIt_Answers404()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.GetAsync("/v1/streams/nobody");

        Assert.Contains("'nobody'", answer.AssertProblem(404, "unknown-stream"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetStream_WhenKeyIsTooLong_Answers400()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse longest = await api.GetAsync("/v1/streams/" + new string('k', 256));
        ApiResponse longer = await api.GetAsync("/v1/streams/" + new string('k', 257));

        longest.AssertProblem(404, "unknown-stream");
        longer.AssertProblem(400, "invalid-parameter");
    }

    [Fact]
    public async Task GetStream_WhenItsOwnerDoesNotServe_Answers503WithRetryAfter()
    {
        await using var api = await ApiHost.StartAsync(wrap: platform => new FaultyPlatform(platform)
        {
            OnFind = () => throw new PlatformUnavailableException("Partition 0 is being loaded."),
        });

        ApiResponse answer = await api.GetAsync("/v1/streams/a");

        Assert.Equal("Partition 0 is being loaded.", answer.AssertProblem(503, "unavailable"));
        Assert.Equal("1", answer.Header("Retry-After"));
    }
}
