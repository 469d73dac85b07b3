namespace Foretell.Web.Http;

/// <summary>Limits of the HTTP API: what a single request can cost, a client, and all of them together.</summary>
public sealed class ForetellWebOptions
{
    /// <summary>Largest request body, bytes, before and after decompression; larger is answered 413.</summary>
    public long MaxBodyBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Memory of all request bodies in work together, bytes; what does not fit is answered 503.</summary>
    public long MaxBodyBytesInFlight { get; set; } = 128 * 1024 * 1024;

    /// <summary>What one client's request bodies in work may hold of it, bytes; more is answered 429.</summary>
    public long MaxBodyBytesPerClient { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a request body may take to arrive before it is answered 408.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a request body may stand still before it is answered 408.</summary>
    public TimeSpan BodyStallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections at a time; further ones are closed at once.</summary>
    public long MaxConnections { get; set; } = 10_000;

    /// <summary>How long any other request may take before it is answered 503; feeds and uploads have deadlines of their own.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an append waits for the log before it is answered 503.</summary>
    public TimeSpan AppendTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a query with <c>after</c> waits for its position before it is answered 504.</summary>
    public TimeSpan AfterTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What <c>Retry-After</c> says on 429, 503 and 504, whole seconds, and when the reader of a feed connects again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a feed may be quiet before a comment shows that it lives.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a forecast that is not cheap waits for its turn and is computed before it is answered 503.</summary>
    public TimeSpan ForecastTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Answers of long forecasts in memory at a time, and a quarter of it of one client.</summary>
    public int MaxLongAnswers { get; set; } = 16;

    /// <summary>Most streams in one <c>POST /v1/forecasts</c>.</summary>
    public int MaxStreamsPerCall { get; set; } = 1000;

    /// <summary>Most rows that <c>/v1/overdue</c> and <c>/v1/dead-letters</c> return.</summary>
    public int MaxLimit { get; set; } = 1000;

    /// <summary>Most quantiles in one question.</summary>
    public int MaxQuantiles { get; set; } = 100;
}
