namespace Foretell.Web.Http;

/// <summary>Limits of the HTTP API. Every one of them bounds what a single request can cost.</summary>
public sealed class ForetellWebOptions
{
    /// <summary>Largest request body, bytes, before and after decompression; larger is answered 413.</summary>
    public long MaxBodyBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How long a query with <c>after</c> waits for its position before it is answered 504.</summary>
    public TimeSpan AfterTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What <c>Retry-After</c> says on 503 and 504, whole seconds, and when the reader of a feed connects again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a feed may be quiet before a comment shows that it lives.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Most streams in one <c>POST /v1/forecasts</c>.</summary>
    public int MaxStreamsPerCall { get; set; } = 1000;

    /// <summary>Most rows that <c>/v1/overdue</c> and <c>/v1/dead-letters</c> return.</summary>
    public int MaxLimit { get; set; } = 1000;

    /// <summary>Most quantiles in one question.</summary>
    public int MaxQuantiles { get; set; } = 100;
}
