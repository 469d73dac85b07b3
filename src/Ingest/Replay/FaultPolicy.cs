using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Foretell.Ingest.Replay;

/// <summary>Which faults of a request to a host pass by themselves, and how long to wait before trying again: for every client
/// over HTTP. What a database's faults mean is its store's to say.</summary>
public static class FaultPolicy
{
    /// <summary>Wait before the first retry, at most.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Wait before any retry, at most, unless the host asks for more.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    /// <summary>True when the same request may succeed later: the host is busy, restarting, or behind a gateway that lost it.</summary>
    public static bool IsTransient(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout
        or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
        or HttpStatusCode.GatewayTimeout;

    /// <summary>True when the fault lies on the way to the host and may pass: refused, reset, timed out.</summary>
    /// <remarks>A name that does not resolve or a certificate that does not fit is a wrong address and stays wrong.</remarks>
    public static bool IsTransient(Exception error) => error switch
    {
        HttpRequestException { StatusCode: { } status } => IsTransient(status),
        HttpRequestException http => http.HttpRequestError is not (HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.UserAuthenticationError
            or HttpRequestError.VersionNegotiationError or HttpRequestError.ConfigurationLimitExceeded),
        OperationCanceledException { InnerException: TimeoutException } => true,
        IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>How long to wait before retry <paramref name="attempt"/>.</summary>
    /// <param name="attempt">Retries so far, from 0.</param>
    /// <param name="retryAfter">What the host asked for, or null.</param>
    /// <param name="now">The time now, for a Retry-After that is a date.</param>
    /// <param name="random">Source of the jitter.</param>
    /// <returns>A random part of a limit that doubles with each attempt, never less than the host asked for.</returns>
    /// <remarks>The whole wait is random, so that clients that failed together do not come back together.</remarks>
    public static TimeSpan Delay(int attempt, RetryConditionHeaderValue? retryAfter, DateTimeOffset now, Random random)
    {
        double limit = Math.Min(LongestDelay.TotalSeconds, FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(attempt, 30)));
        TimeSpan backoff = TimeSpan.FromSeconds(limit * random.NextDouble());
        TimeSpan asked = retryAfter?.Delta ?? (retryAfter?.Date - now) ?? TimeSpan.Zero;
        return asked > TimeSpan.Zero ? asked + backoff : backoff;
    }
}
