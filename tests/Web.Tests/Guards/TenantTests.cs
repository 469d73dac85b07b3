using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Models.Forecasting;
using Foretell.Support;
using Foretell.Web.Guards;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Tests.Guards;

/// <summary>Two tenants on one host: neither finds out anything of the other's streams, whatever it asks.</summary>
public sealed class TenantTests : IAsyncLifetime
{
    private readonly TestKeys _keys = new();
    private ApiHost _api = null!;
    private string _acme = "", _globex = "", _all = "";

    public async ValueTask InitializeAsync()
    {
        (_acme, _globex, _all) = (_keys.Add("write,read", "acme"), _keys.Add("write,read", "globex"), _keys.Add("write,read,operate"));
        _api = await ApiHost.StartAsync(guards: _keys.Options);
        _api.Key = _all;
        // Each has a stream, and a dead letter: an event that is far too late.
        string position = await _api.SendEventsAsync("""
            [{"stream":"acme/a","time":1769900000,"mark":"visit"},{"stream":"globex/secret","time":1769900000,"mark":"visit"},
             {"stream":"acme/late","time":1769900000},{"stream":"globex/late-secret","time":1769900000},{"stream":"secret","time":1769900000},
             {"stream":"acme/late","time":1769800000},{"stream":"globex/late-secret","time":1769800000}]
            """);
        await _api.GetAsync($"/v1/status?after={position}");
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        _keys.Dispose();
    }

    [Fact]
    public async Task Endpoint_WhenATenantAsks_NamesNoStreamOfAnother()
    {
        _api.Key = _acme;

        foreach (RouteEndpoint endpoint in EndpointGuardTests.Guarded(_api).Where(e => !IsFeed(e)))
        {
            string text = (await _api.SendAsync(EndpointGuardTests.Request(endpoint, "acme/a"))).Text;

            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain("globex", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Endpoint_WhenATenantAsksForAnothersStream_AnswersAsForOneThatNobodyHas()
    {
        _api.Key = _acme;

        foreach (RouteEndpoint endpoint in EndpointGuardTests.Guarded(_api).Where(e => ScopeGuard.Of(e) != Scope.Operate && Asks(e)))
        {
            string[] answers = new string[2];
            foreach ((int i, string stream) in new[] { "globex/secret", "globex/nobody" }.Index())
            {
                ApiResponse answer = await _api.SendAsync(EndpointGuardTests.Request(endpoint, stream));
                string text = $"{(int)answer.Status} {answer.Message.Headers} {answer.Text}".Replace(stream, "STREAM", StringComparison.Ordinal);
                // What differs from one request to the next by itself.
                answers[i] = Regex.Replace(text, "Date: .*|[0-9a-f]{32}", "");
            }
            Assert.Equal(answers[1], answers[0]);
        }
        // And that is an answer of nothing.
        (await _api.GetAsync("/v1/streams/globex%2Fsecret")).AssertProblem(404, "unknown-stream");
        (await _api.GetAsync("/v1/streams/globex%2Fsecret/events")).AssertProblem(404, "unknown-stream");
        Assert.Equal(404, (int)(await _api.PostAsync("/v1/forecasts", "application/json", """{"streams":["globex/secret","acme/a"]}"""))
            .Json["forecasts"]![0]!["problem"]!["status"]!);
        Assert.Equal(200, (int)(await _api.GetAsync("/v1/streams/acme%2Fa")).Status);
    }

    [Theory]
    [InlineData("/v1/overdue", "acme/a acme/late")]
    [InlineData("/v1/overdue?prefix=acme/l", "acme/late")]
    [InlineData("/v1/overdue?prefix=ac", "acme/a acme/late")]
    [InlineData("/v1/overdue?prefix=globex/", "")]
    [InlineData("/v1/overdue?prefix=s", "")]
    public async Task Overdue_WhenATenantAsks_ListsItsOwn(string address, string streams)
    {
        _api.Key = _acme;

        JsonNode answer = (await _api.GetAsync(address)).Json;

        Assert.Equal(streams.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            answer["streams"]!.AsArray().Select(s => (string)s!["stream"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task DeadLetters_WhenATenantAsks_AreItsOwnHoweverManyOthersAreNewer()
    {
        _api.Key = _globex;
        string position = await _api.SendEventsAsync($"[{string.Join(',', Enumerable.Repeat("""{"stream":"globex/late-secret","time":1769800000}""", 300))}]");
        _api.Key = _all;
        await _api.GetAsync($"/v1/status?after={position}");
        _api.Key = _acme;

        JsonNode answer = (await _api.GetAsync("/v1/dead-letters?limit=5")).Json;

        Assert.Equal(["acme/late"], answer["deadLetters"]!.AsArray().Select(l => (string)l!["stream"]!));
    }

    [Theory]
    [InlineData("application/json", """[{"stream":"globex/a","time":1769900001},{"stream":"acme/b","time":1769900001}]""", 0)]
    [InlineData("application/x-ndjson", "{\"stream\":\"acme/b\",\"time\":1769900001}\n{\"stream\":\"globex/a\",\"time\":1769900001}\n", 1)]
    [InlineData("text/csv", "stream,time\nacmeX/b,1769900001\nacme/b,1769900001\n", 0)]
    [InlineData("application/cloudevents-batch+json", """[{"specversion":"1.0","id":"1","source":"globex/a","type":"x","time":"2026-01-31T12:00:00Z"},{"specversion":"1.0","id":"2","source":"acme/b","type":"x","time":"2026-01-31T12:00:00Z"}]""", 0)]
    public async Task Events_WhenATenantSendsAnothers_AreRejectedOneByOne(string mediaType, string body, int refused)
    {
        _api.Key = _acme;
        long before = _api.Platform.Status().EventsAccepted;

        ApiResponse answer = await _api.PostAsync("/v1/events", mediaType, body);

        Assert.Equal((202, 1), ((int)answer.Status, (int)answer.Json["accepted"]!));
        JsonNode rejected = Assert.Single(answer.Json["rejected"]!.AsArray())!;
        Assert.Equal(refused, (int)rejected["index"]!);
        Assert.Equal("Stream must begin with 'acme/': the sender may write no other.", (string?)rejected["reason"]);
        Assert.Equal(before + 1, _api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task Events_WhenABatchWasATenantsBefore_AreTakenOfEveryStreamAgain()
    {
        // Batches are used again.
        _api.Key = _acme;
        await _api.SendEventsAsync("""{"stream":"acme/b","time":1769900001}""");
        _api.Key = _all;

        await _api.SendEventsAsync("""{"stream":"b","time":1769900001}""");
    }

    [Fact]
    public async Task IdempotencyKey_WhenTwoTenantsHaveTheSame_IsEachOnesOwn()
    {
        ApiResponse acme = await PostAsync(_acme, """{"stream":"acme/k","time":1769900001}""");
        ApiResponse globex = await PostAsync(_globex, """{"stream":"globex/k","time":1769900001}""");
        ApiResponse all = await PostAsync(_all, """{"stream":"k","time":1769900001}""");
        Assert.All([acme, globex, all], answer => Assert.Equal((202, null), ((int)answer.Status, answer.Header("Idempotent-Replayed"))));

        Assert.Equal("true", (await PostAsync(_acme, """{"stream":"acme/k","time":1769900001}""")).Header("Idempotent-Replayed"));
        string detail = (await PostAsync(_acme, """{"stream":"acme/k","time":1769900002}""")).AssertProblem(409, "idempotency-conflict");
        Assert.StartsWith("Idempotency key 'same' was used", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_WhenStreamsOfTwoTenantsFallSilent_ComeToTheirOwnOnly()
    {
        _api.Key = _acme;
        using FeedReader acme = await _api.OpenFeedAsync("/v1/alerts/events");
        _api.Key = _globex;
        using FeedReader globex = await _api.OpenFeedAsync("/v1/alerts/events");

        _api.Key = _all;
        long now = _api.Clock.Now.ToUnixTimeSeconds();
        string position = await _api.SendEventsAsync($$"""
            [{"stream":"secret","time":{{now}}},{"stream":"globex/1","time":{{now}}},{"stream":"acme/1","time":{{now}}},{"stream":"globex/2","time":{{now}}}]
            """);
        await _api.GetAsync($"/v1/status?after={position}");
        StreamSnapshot silent = (await _api.Platform.FindAsync("acme/1", default))!;
        _api.Clock.Now = EventTime.ToDateTimeOffset(silent.LastEventTicks)
            + TimeSpan.FromSeconds(new Forecaster(_api.Platform.Model).Forecast(silent.State, 0).Quantile(0.999) + 0.2);

        Assert.Equal("alert acme/1", await ReadAsync(acme));
        Assert.Equal(["alert globex/1", "alert globex/2"], new[] { await ReadAsync(globex), await ReadAsync(globex) }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Position_WhenATenantAsksForMoreThanThereIs_IsRefusedWithoutTellingHowMuchThereIs()
    {
        _api.Key = _acme;

        string detail = (await _api.GetAsync("/v1/overdue?after=0-999999")).AssertProblem(400, "invalid-parameter");

        Assert.StartsWith("Position 0-999999 names records that this log does not have.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WhenATenantsKeyAsks_IsRefused()
    {
        _api.Key = _acme;

        Assert.Contains("no tenant's key has", (await _api.GetAsync("/v1/status")).AssertProblem(403, "forbidden"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme", "acme/")]
    [InlineData("acme/", "acme/")]
    [InlineData("acme/eu", "acme/eu/")]
    public void Tenant_WhenNamed_EndsInASlash(string name, string prefix) => Assert.Equal(prefix, Tenant.Parse(name).Prefix);

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/acme")]
    [InlineData("acme//")]
    [InlineData(" acme")]
    [InlineData("ac\nme")]
    public void Tenant_WhenItIsNone_IsRefused(string name) => Assert.Throws<FormatException>(() => Tenant.Parse(name));

    private static async Task<string> ReadAsync(FeedReader feed)
    {
        (string name, _, JsonNode data) = await feed.ReadAsync();
        return $"{name} {(string?)data["stream"]}";
    }

    private async Task<ApiResponse> PostAsync(string key, string body)
    {
        _api.Key = key;
        return await _api.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/events")
        {
            Content = ApiHost.Content("application/json", body),
            Headers = { { "Idempotency-Key", "same" } },
        });
    }

    /// <summary>Whether a request names a stream that it asks for.</summary>
    private static bool Asks(RouteEndpoint endpoint) =>
        EndpointGuardTests.Name(endpoint) is var name
        && (name.Contains("{stream}", StringComparison.Ordinal) || name.StartsWith("POST", StringComparison.Ordinal));

    private static bool IsFeed(RouteEndpoint endpoint) => endpoint.RoutePattern.RawText!.EndsWith("/events", StringComparison.Ordinal)
        && EndpointGuardTests.Name(endpoint).StartsWith("GET", StringComparison.Ordinal);
}
