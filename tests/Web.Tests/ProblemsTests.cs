using Foretell.Engine;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;

namespace Foretell.Web.Tests;

public class ProblemsTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/v1/streams/eu/42")]
    [InlineData("/v1/streams/")]
    public async Task Problems_WhenAddressIsUnknown_Answers404(string address)
    {
        ApiHost api = shared.Host;

        (await api.GetAsync(address)).AssertProblem(404, "unknown-address");
    }

    [Fact]
    public async Task Problems_WhenMethodIsWrong_Answers405NamingTheRightOne()
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync("/v1/events");

        Assert.Contains("POST", answer.AssertProblem(405, "method-not-allowed"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/streams/a/forecast?quantile=0.5", "quantile", "did you mean 'quantiles'?")]
    [InlineData("/v1/streams/a/forecast?horizon=1h&colour=red", "colour", "It takes after, at, expectedCount, horizon, marks, paths, quantiles, within.")]
    [InlineData("/v1/overdue?top=5", "top", "did you mean 'limit'?")]
    [InlineData("/v1/overdue?startsWith=eu", "startsWith", "did you mean 'prefix'?")]
    [InlineData("/v1/overdue?since=1d", "since", "did you mean 'newerThan'?")]
    [InlineData("/v1/streams/a/forecast?top=5", "top", "did you mean 'marks'?")]
    [InlineData("/v1/dead-letters?count=5", "count", "did you mean 'limit'?")]
    [InlineData("/v1/status?position=0-1", "position", "did you mean 'after'?")]
    [InlineData("/v1/alerts/events?lastEventId=3", "lastEventId", "It takes none.")]
    public async Task Problems_WhenAParameterIsUnknown_Answers400SayingWhatWasMeant(string address, string parameter, string meant)
    {
        ApiResponse answer = await shared.Host.GetAsync(address);

        Assert.Contains(meant, answer.AssertProblem(400, "invalid-parameter"), StringComparison.Ordinal);
        Assert.Equal(parameter, (string?)answer.Json["parameter"]);
    }

    [Fact]
    public async Task Problems_WhenAPostHasAnUnknownParameter_Answers400AndTakesNothing()
    {
        await using var api = await ApiHost.StartAsync();

        (await api.PostAsync("/v1/events?stream=a", "application/json", """{"stream":"a","time":1}""")).AssertProblem(400, "invalid-parameter");

        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    [Theory]
    [InlineData("/v1/overdue?LIMIT=5")]
    [InlineData("/health/live?probe=7")]
    public async Task Problems_WhenAParameterIsKnownOrItsAddressIsAProbe_AreNone(string address) =>
        Assert.Equal(200, (int)(await shared.Host.GetAsync(address)).Status);

    [Theory]
    [InlineData("""{"streams":["a"],"quantile":[0.5]}""", "'quantile' is no member of it; did you mean 'quantiles'?")]
    [InlineData("""{"streams":["a"],"colour":3}""", "'colour' is no member of it. It has streams, at, horizon, quantiles, expectedCount, paths, marks, within.")]
    public async Task Problems_WhenAMemberIsUnknown_Answers400SayingWhatWasMeant(string body, string meant) =>
        Assert.Contains(meant, (await shared.Host.PostAsync("/v1/forecasts", "application/json", body)).AssertProblem(400, "malformed-body"),
            StringComparison.Ordinal);

    /// <summary>What is wrong is the item, and not that there is no such list.</summary>
    [Theory]
    [InlineData("""{"streams":["a"],"within":[9]}""", "within[0]")]
    [InlineData("""{"streams":["a"],"quantiles":[0.1,"x"]}""", "quantiles[1]")]
    public async Task Problems_WhenAnItemOfAListIsOfAnotherKind_SaysWhere(string body, string place)
    {
        string detail = (await shared.Host.PostAsync("/v1/forecasts", "application/json", body)).AssertProblem(400, "malformed-body");

        Assert.Contains(place, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("is no member", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_WhenTheStoreNeverAnswers_Answers503SayingWhoWaited()
    {
        await using var api = await ApiHost.StartAsync(o => o.RequestTimeout = TimeSpan.FromMilliseconds(200),
            wrap: platform => new FaultyPlatform(platform) { Stored = new TaskCompletionSource().Task });

        ApiResponse answer = await api.GetAsync("/v1/dead-letters");

        Assert.Contains("GET /v1/dead-letters waited for 0.2 s", answer.AssertProblem(503, "unavailable"), StringComparison.Ordinal);
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [Fact]
    public async Task Problems_WhenTheLogTakesNoMoreNow_Answers503WithRetryAfter()
    {
        await using var api = await ApiHost.StartAsync(wrap: platform => new FaultyPlatform(platform)
        {
            OnAppend = () => throw new PlatformOverloadedException("Too much waits for the disk; send it again after a pause."),
        });

        ApiResponse answer = await api.PostAsync("/v1/events", "application/json", """{"stream":"a","time":1}""");

        Assert.Contains("send it again", answer.AssertProblem(503, "overloaded"), StringComparison.Ordinal);
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [Fact]
    public async Task Problems_WhenSomethingFailsUnforeseen_Answers500WithoutInsides()
    {
        await using var api = await ApiHost.StartAsync(wrap: platform => new FaultyPlatform(platform)
        {
            OnFind = () => throw new InvalidOperationException("secret insides"),
        });

        ApiResponse answer = await api.GetAsync("/v1/streams/a");

        Assert.Contains("traceId", answer.AssertProblem(500, "internal-error"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
        Assert.Contains("secret insides", Assert.Single(api.Logs.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_WhenCallerAcceptsNoJson_AnswersProblemDetailsAllTheSame()
    {
        ApiHost api = shared.Host;
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/overdue?limit=x");
        request.Headers.Add("Accept", "text/html");

        (await api.SendAsync(request)).AssertProblem(400, "invalid-parameter");
    }

    [Fact]
    public async Task Problems_WhenCallerSendsATrace_CarriesItsId()
    {
        ApiHost api = shared.Host;
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/streams/nobody");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        ApiResponse answer = await api.SendAsync(request);

        answer.AssertProblem(404, "unknown-stream");
        Assert.Empty(api.Logs.Errors);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", (string?)answer.Json["traceId"]);
    }

    [Fact]
    public async Task Problems_WhenPlatformIsUnavailable_SaysWhenToRetry()
    {
        await using var api = await ApiHost.StartAsync(o => o.RetryAfter = TimeSpan.FromSeconds(2.5),
            platform => new FaultyPlatform(platform) { OnFind = () => throw new PlatformUnavailableException("Loading.") });

        Assert.Equal("3", (await api.GetAsync("/v1/streams/a")).Header("Retry-After"));
    }
}
