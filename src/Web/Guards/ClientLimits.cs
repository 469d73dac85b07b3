using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Guards;

/// <summary>How many events a second a tenant may send, and how many requests a client: token buckets that hold ten seconds'
/// worth.</summary>
/// <remarks>Counted by each process by itself: a cluster's tenant has its quota at each gateway.</remarks>
internal sealed class ClientLimits(GuardOptions options, KeyRing keys) : IAsyncDisposable
{
    private const double BurstSeconds = 10;

    private readonly PartitionedRateLimiter<(string Bucket, double Rate)> _events =
        PartitionedRateLimiter.Create<(string Bucket, double Rate), (string, double)>(
            quota => RateLimitPartition.GetTokenBucketLimiter(quota, q => Bucket(q.Item2)));

    /// <summary>Takes events out of a client's quota.</summary>
    /// <param name="http">Its request.</param>
    /// <param name="events">How many.</param>
    /// <returns>Null where the quota has them; else what to tell the client.</returns>
    public QuotaRefusal? Take(HttpContext http, int events)
    {
        ApiKey? key = http.User.FindFirstValue(KeyAuthentication.IdClaim) is { } id ? keys.Find(id) : null;
        if ((key?.EventsPerSecond ?? options.EventsPerSecond) is not { } rate || events == 0)
        {
            return null;
        }
        int burst = Burst(rate);
        if (events > burst)
        {
            return new QuotaRefusal(rate, burst, null);
        }
        // A key with a quota of its own has it for itself; all others of a tenant share the tenant's.
        string bucket = key?.EventsPerSecond is null && Tenant.Of(http).Prefix is { } tenant ? $"tenant:{tenant}" : ClientIdentity.Of(http);
        using RateLimitLease lease = _events.AttemptAcquire((bucket, rate), events);
        return lease.IsAcquired ? null : new QuotaRefusal(rate, burst, TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(
            lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait) ? wait.TotalSeconds : 1))));
    }

    /// <summary>The limit of requests, for ASP.NET Core's middleware; null for none.</summary>
    public static PartitionedRateLimiter<HttpContext>? OfRequests(GuardOptions options) => options.RequestsPerSecond is not { } rate ? null
        : PartitionedRateLimiter.Create<HttpContext, string>(http =>
            http.GetEndpoint() is { } endpoint && ScopeGuard.Of(endpoint) is null ? RateLimitPartition.GetNoLimiter("open")
            : RateLimitPartition.GetTokenBucketLimiter(ClientIdentity.Of(http), _ => Bucket(rate)));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _events.DisposeAsync();

    private static int Burst(double rate) => (int)Math.Clamp(Math.Ceiling(rate * BurstSeconds), 1, int.MaxValue);

    private static TokenBucketRateLimiterOptions Bucket(double rate)
    {
        // Whole tokens: a slow rate gets one in more than a second, a fast one a tenth of a second's worth at a time.
        int tokens = (int)Math.Max(1, Math.Round(rate / 10));
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = Burst(rate),
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds(tokens / rate),
            QueueLimit = 0,
        };
    }
}

/// <summary>Why a client's events are not taken now.</summary>
/// <param name="Rate">Its quota, events a second.</param>
/// <param name="Burst">Most events that it ever has at once.</param>
/// <param name="Wait">When it may try again; null where that many events never fit.</param>
internal sealed record QuotaRefusal(double Rate, int Burst, TimeSpan? Wait)
{
    public string Detail => string.Create(CultureInfo.InvariantCulture, $"The quota is {Rate:0.###} events a second, and at most {Burst} at once. ")
        + (Wait is null ? "Split the request." : "Nothing was appended: send the same request again after the time in Retry-After.");
}
