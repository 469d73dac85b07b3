using System.Net;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class ReadYourWritesTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Theory]
    [InlineData("/v1/streams/a")]
    [InlineData("/v1/streams/a/forecast")]
    [InlineData("/v1/overdue")]
    [InlineData("/v1/dead-letters")]
    [InlineData("/v1/status")]
    public async Task After_WhenPositionIsApplied_Answers(string address)
    {
        ApiHost api = shared.Host;
        string position = await api.SendEventsAsync("""{"stream":"a","time":1769860800}""");

        ApiResponse answer = await api.GetAsync($"{address}?after={position}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task After_WhenEachEventIsReadBack_SeesIt()
    {
        await using var api = await ApiHost.StartAsync();
        for (int events = 1; events <= 50; events++)
        {
            string position = await api.SendEventsAsync($$"""{"stream":"a","time":{{events}}}""");

            ApiResponse answer = await api.GetAsync($"/v1/streams/a?after={position}");

            Assert.Equal(events, (int?)answer.Json["events"]);
        }
    }

    [Fact]
    public async Task After_WhenPositionIsNotReachedInTime_Answers504WithRetryAfter()
    {
        await using var api = await ApiHost.StartAsync(o => o.AfterTimeout = TimeSpan.FromMilliseconds(20),
            platform => new FaultyPlatform(platform) { Applied = new TaskCompletionSource().Task });
        string position = await api.SendEventsAsync("""{"stream":"a","time":1}""");

        ApiResponse answer = await api.GetAsync($"/v1/streams/a?after={position}");

        Assert.Contains(position, answer.AssertProblem(504, "position-not-reached"), StringComparison.Ordinal);
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("0-1_0-2")]
    [InlineData("0-x")]
    [InlineData("99-1")]
    [InlineData("0-999999")]
    public async Task After_WhenTokenIsNotOfThisPlatform_Answers400(string token)
    {
        ApiResponse answer = await shared.Host.GetAsync($"/v1/overdue?after={token}");

        Assert.Contains("position", answer.AssertProblem(400, "invalid-parameter"), StringComparison.Ordinal);
        Assert.Equal("after", (string?)answer.Json["parameter"]);
    }
}
