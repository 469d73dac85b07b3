using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Replay;

/// <summary>How to send a file.</summary>
public sealed record ReplayOptions
{
    /// <summary>Times real time; null sends as fast as the host takes it.</summary>
    public double? Speed { get; init; }

    /// <summary>Events in a request, at most. With a speed, a request also ends with each second of wall time.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>Columns of a CSV or Parquet file; null takes the default names.</summary>
    public EventColumns? Columns { get; init; }

    /// <summary>Zone of the times without an offset; null refuses them.</summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>True sorts the file's events by time first.</summary>
    public bool Sort { get; init; }

    /// <summary>Seconds in one unit of a sequence file's times.</summary>
    public double TimeUnitSeconds { get; init; } = 1;

    /// <summary>Sees each batch of the file's events once, in order, as it is read; null where nobody looks.</summary>
    public Action<EventBatch>? Look { get; init; }

    /// <summary>Called with each answer's totals before the next request goes out; null for nobody.</summary>
    public Func<ReplaySummary, CancellationToken, Task>? Answered { get; init; }

    /// <summary>How long to keep trying one request while the host is away or busy.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Where a replay stands, after each request and before each retry.</summary>
/// <param name="Sent">Events that the host has answered.</param>
/// <param name="Accepted">Events accepted, counting those that an earlier run of the same replay had appended.</param>
/// <param name="Rejected">Events rejected.</param>
/// <param name="EventTicks">Time of the latest event sent.</param>
/// <param name="Trouble">Why the latest request is being tried again, or null.</param>
public sealed record ReplayProgress(long Sent, long Accepted, long Rejected, long EventTicks, string? Trouble);

/// <summary>What a replay did.</summary>
/// <param name="Sent">Events sent.</param>
/// <param name="Accepted">Events accepted, counting those of <paramref name="ReplayedBatches"/>.</param>
/// <param name="Rejected">Events rejected.</param>
/// <param name="FirstRejections">The first few rejections; the index counts the file's events from 0.</param>
/// <param name="Batches">Requests that were answered.</param>
/// <param name="ReplayedBatches">Requests that the host knew by their key: nothing was appended for them now.</param>
/// <param name="Retries">Attempts that failed and were repeated.</param>
/// <param name="Position">Token of the position that includes every accepted event.</param>
/// <param name="Elapsed">Wall time.</param>
public sealed record ReplaySummary(long Sent, long Accepted, long Rejected, IReadOnlyList<Rejection> FirstRejections,
    int Batches, int ReplayedBatches, int Retries, string Position, TimeSpan Elapsed);

/// <summary>A replay cannot go on; the message says what the host answered and what to do.</summary>
public sealed class ReplayException(string message, Exception? inner = null) : Exception(message, inner);
