using System.Net;
using System.Net.Http.Headers;
using Foretell.Ingest.Replay;

namespace Foretell.Ingest.Tests.Replay;

public sealed class FaultPolicyTests
{
    [Theory]
    [InlineData(408, true)]
    [InlineData(429, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(409, false)]
    [InlineData(413, false)]
    [InlineData(415, false)]
    [InlineData(500, false)]
    public void IsTransient_WhenStatus_IsTrueForThoseThatPass(int status, bool transient) =>
        Assert.Equal(transient, FaultPolicy.IsTransient((HttpStatusCode)status));

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, true)]
    [InlineData(HttpRequestError.ResponseEnded, true)]
    [InlineData(HttpRequestError.NameResolutionError, false)]
    [InlineData(HttpRequestError.SecureConnectionError, false)]
    public void IsTransient_WhenRequestFails_IsTrueForThoseThatPass(HttpRequestError error, bool transient) =>
        Assert.Equal(transient, FaultPolicy.IsTransient(new HttpRequestException(error, "x")));

    [Fact]
    public void IsTransient_WhenTimedOutOrCancelled_TellsThemApart()
    {
        Assert.True(FaultPolicy.IsTransient(new TaskCanceledException("x", new TimeoutException())));
        Assert.False(FaultPolicy.IsTransient(new TaskCanceledException("x")));
        Assert.False(FaultPolicy.IsTransient(new InvalidOperationException()));
    }

    [Fact]
    public void Delay_WhenAttemptsGrow_StaysBelowADoublingLimitAndUsesAllOfIt()
    {
        var random = new Random(20260204);
        for (int attempt = 0; attempt < 40; attempt++)
        {
            double limit = Math.Min(10, 0.1 * Math.Pow(2, attempt));
            double[] delays = [.. Enumerable.Range(0, 200).Select(_ => FaultPolicy.Delay(attempt, null, default, random).TotalSeconds)];
            Assert.InRange(delays.Max(), 0.9 * limit, limit);
            Assert.InRange(delays.Min(), 0, 0.1 * limit);
        }
    }

    [Fact]
    public void Delay_WhenHostAsksForATime_IsNeverLess()
    {
        var random = new Random(20260205);
        DateTimeOffset now = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

        Assert.InRange(FaultPolicy.Delay(0, new RetryConditionHeaderValue(TimeSpan.FromSeconds(20)), now, random).TotalSeconds, 20, 20.1);
        Assert.InRange(FaultPolicy.Delay(0, new RetryConditionHeaderValue(now.AddSeconds(5)), now, random).TotalSeconds, 5, 5.1);
        Assert.InRange(FaultPolicy.Delay(0, new RetryConditionHeaderValue(now.AddSeconds(-5)), now, random).TotalSeconds, 0, 0.1);
    }
}
