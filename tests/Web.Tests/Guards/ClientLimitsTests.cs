using Foretell.Web.Guards;

namespace Foretell.Web.Tests.Guards;

/// <summary>Quotas of events and of requests. Rates are so low that no token comes back while a test runs.</summary>
public sealed class ClientLimitsTests : IDisposable
{
    private readonly TestKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task Events_WhenATenantsQuotaIsSpent_Are429ForAllOfItsKeysAndForNobodyElse()
    {
        string one = _keys.Add("write", "acme"), two = _keys.Add("write", "acme"), other = _keys.Add("write", "globex");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options with { EventsPerSecond = 0.3 });
        Assert.Equal(202, (int)(await PostAsync(api, one, "acme/a", 2)).Status);

        ApiResponse refused = await PostAsync(api, two, "acme/a", 2);

        string detail = refused.AssertProblem(429, "too-many-requests");
        Assert.Equal("The quota is 0.3 events a second, and at most 3 at once. Nothing was appended: send the same request again after the time in Retry-After.", detail);
        Assert.InRange(int.Parse(refused.Header("Retry-After")!), 1, 10);
        Assert.Equal(202, (int)(await PostAsync(api, other, "globex/a", 2)).Status);
        Assert.Equal(4, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task Events_WhenAKeyHasAQuotaOfItsOwn_CountAgainstThatOne()
    {
        string own = _keys.Add("write", eventsPerSecond: 0.1), free = _keys.Add("write");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        Assert.Equal(202, (int)(await PostAsync(api, own, "a", 1)).Status);
        (await PostAsync(api, own, "a", 1)).AssertProblem(429, "too-many-requests");
        Assert.Equal(202, (int)(await PostAsync(api, free, "a", 50)).Status);
    }

    [Fact]
    public async Task Events_WhenThereAreMoreThanTheQuotaEverHas_Are413()
    {
        string key = _keys.Add("write", eventsPerSecond: 0.3);
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        Assert.EndsWith("Split the request.", (await PostAsync(api, key, "a", 4)).AssertProblem(413, "body-too-large"), StringComparison.Ordinal);
        Assert.Equal(202, (int)(await PostAsync(api, key, "a", 3)).Status);
    }

    [Fact]
    public async Task Requests_WhenAClientSendsTooMany_Are429ForItAlone()
    {
        string one = _keys.Add("read"), other = _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options with { RequestsPerSecond = 0.2 });
        api.Key = one;
        Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);
        Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);

        ApiResponse refused = await api.GetAsync("/v1/overdue");

        refused.AssertProblem(429, "too-many-requests");
        Assert.InRange(int.Parse(refused.Header("Retry-After")!), 1, 10);
        api.Key = other;
        Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);
        // Probes are nobody's.
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (int)(await api.GetAsync("/health/live")).Status);
        }
    }

    private static Task<ApiResponse> PostAsync(ApiHost api, string key, string stream, int events)
    {
        api.Key = key;
        return api.PostAsync("/v1/events", "application/json",
            $"[{string.Join(',', Enumerable.Repeat($$"""{"stream":"{{stream}}","time":1769900000}""", events))}]");
    }
}
