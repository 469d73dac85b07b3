using System.Net;
using Foretell.Web.Admission;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Tests.Admission;

public sealed class BodyMemoryTests
{
    private readonly BodyMemory _memory =
        new(Options.Create(new ForetellWebOptions { MaxBodyBytesInFlight = 100, MaxBodyBytesPerClient = 60 }));

    [Fact]
    public void Take_WhenAClientHasItsShare_IsRefusedToItAlone()
    {
        using BodyLease first = Open("10.0.0.1"), second = Open("10.0.0.1"), other = Open("10.0.0.2");
        first.Take(60);
        Assert.Equal(ProblemKind.TooManyRequests, Assert.Throws<RequestException>(() => second.Take(1)).Kind);
        other.Take(40);
        Assert.Equal(ProblemKind.Overloaded, Assert.Throws<RequestException>(() => other.Take(1)).Kind);
        first.Return(10);
        second.Take(10);
        Assert.Equal(100, _memory.Held);
    }

    [Fact]
    public void Take_WhenTheBodyIsThereAlready_NeedsNoShare()
    {
        using BodyLease stalled = Open("10.0.0.1"), small = Open("10.0.0.1");
        stalled.Take(60);
        small.TakeSmall(5);
        small.Take(10);
        Assert.Equal(75, _memory.Held);
    }

    [Fact]
    public void Dispose_WhenMemoryIsHeld_GivesAllOfItBack()
    {
        using (BodyLease lease = Open("10.0.0.1"))
        {
            lease.Take(30);
            lease.Take(20);
            lease.Return(10);
            Assert.Throws<RequestException>(() => lease.Take(61));
        }
        Assert.Equal(0, _memory.Held);
    }

    [Fact]
    public async Task PostEvents_WhenBodiesInWorkHoldTheirMemory_Answers503AndGivesAllOfItBack()
    {
        await using var api = await ApiHost.StartAsync(o => o.MaxBodyBytesInFlight = 50_000);
        string large = "[" + new string(' ', 100_000) + """{"stream":"a","time":1}]""";

        ApiResponse refused = await api.PostAsync("/v1/events", "application/json", large);

        refused.AssertProblem(503, "overloaded");
        Assert.Equal("1", refused.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", "application/json", """{"stream":"a","time":1}""")).Status);
    }

    [Fact]
    public async Task PostEvents_WhenOneClientsBodiesHoldItsShare_Answers429()
    {
        await using var api = await ApiHost.StartAsync(o => o.MaxBodyBytesPerClient = 50_000);
        string large = "[" + new string(' ', 100_000) + """{"stream":"a","time":1}]""";

        ApiResponse refused = await api.PostAsync("/v1/events", "application/json", large);

        refused.AssertProblem(429, "too-many-requests");
        Assert.Equal("1", refused.Header("Retry-After"));
    }

    [Fact]
    public async Task PostForecasts_WhenItsBodyIsLargerThanAThousandKeys_Answers413()
    {
        await using var api = await ApiHost.StartAsync();
        string body = "{" + new string(' ', 2_100_000) + "\"streams\":[\"a\"]}";
        (await api.PostAsync("/v1/forecasts", "application/json", body)).AssertProblem(413, "body-too-large");
    }

    [Fact]
    public async Task PostEvents_WhenTheBodyStandsStill_Answers408()
    {
        await using var api = await ApiHost.StartAsync(o => o.BodyStallTimeout = TimeSpan.FromMilliseconds(200));

        ApiResponse answer = await api.SendRawAsync(
            "POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[");

        answer.AssertProblem(408, "body-too-slow");
    }

    [Fact]
    public async Task PostEvents_WhenTheLogDoesNotAnswer_Answers503AndSaysThatItMayHaveTheEvents()
    {
        await using var api = await ApiHost.StartAsync(o => o.AppendTimeout = TimeSpan.FromMilliseconds(100),
            wrap: platform => new FaultyPlatform(platform) { Appended = new TaskCompletionSource().Task });

        ApiResponse answer = await api.PostAsync("/v1/events", "application/json", """{"stream":"a","time":1}""");

        Assert.Contains("idempotency key", answer.AssertProblem(503, "unavailable"), StringComparison.Ordinal);
    }

    private BodyLease Open(string address)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return _memory.Open(http);
    }
}
