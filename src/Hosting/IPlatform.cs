using Foretell.Models;

namespace Foretell.Streams;

/// <summary>
/// What the HTTP API, the console and the command line see of a running platform, be it one process
/// (<c>EmbeddedPlatform</c>) or a cluster.
/// </summary>
public interface IPlatform
{
    /// <summary>The model that advances every stream.</summary>
    ForecastModel Model { get; }

    /// <summary>Partitions of the log; fixed when the log was created.</summary>
    int PartitionCount { get; }

    /// <summary>Appends events to the log and returns once they are durable (law 1).</summary>
    /// <param name="batch">Events; an empty batch is allowed. Not kept after the call.</param>
    /// <param name="request">The request's idempotency key with what a repeat is answered, or null.</param>
    /// <param name="cancellationToken">Gives up waiting; the events may be appended all the same.</param>
    /// <exception cref="IdempotencyConflictException">The key was used before with another body.</exception>
    /// <exception cref="PlatformUnavailableException">The log cannot take writes now; the caller may retry.</exception>
    Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken);

    /// <summary>Waits until every event up to <paramref name="position"/> is applied to its stream's state.</summary>
    /// <exception cref="ArgumentException">The position names a partition or sequence number that this log does not have.</exception>
    Task WaitAppliedAsync(Position position, CancellationToken cancellationToken);

    /// <summary>A consistent copy of one stream's state, or null when the stream has no applied event.</summary>
    /// <exception cref="PlatformUnavailableException">The owner of the stream's partition is not serving.</exception>
    ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken);

    /// <summary>The streams whose silence up to <paramref name="atTicks"/> is least likely, least likely first.</summary>
    Task<IReadOnlyList<OverdueStream>> OverdueAsync(long atTicks, int limit, CancellationToken cancellationToken);

    /// <summary>Dead letters, newest first by append time.</summary>
    Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Where a stream stands now, if it has had an event, and from then on after each of its events.</summary>
    /// <remarks>The subscription stands once the first item is asked for. A reader that falls behind is told how many it missed.</remarks>
    /// <exception cref="PlatformUnavailableException">The owner of the stream's partition is not serving, or stopped while the subscription stood.</exception>
    IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken);

    /// <summary>The alerts of all streams, at least once each, from now on or behind one that was read before.</summary>
    /// <param name="after">Id of the last item that was read, or null; where it is not known any more the first item says that some are missing.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    /// <remarks>The subscription stands once the task has completed and the first item is asked for.</remarks>
    /// <exception cref="PlatformUnavailableException">The feed cannot be served now, or cannot go on.</exception>
    Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken);

    /// <summary>How well the model's probabilities came true over all streams, since it began to advance them.</summary>
    /// <exception cref="PlatformUnavailableException">A partition is not served now.</exception>
    Task<Calibration> CalibrationAsync(CancellationToken cancellationToken);

    /// <summary>Counts and scores now; cheap enough to ask several times a second.</summary>
    PlatformStatus Status();
}

/// <summary>One stream's state at one moment.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events applied.</param>
/// <param name="LastEventTicks">Time of the latest event, 100 ns ticks since 1970.</param>
/// <param name="State">Copy of the row's floats, with its tail where states grow.</param>
/// <param name="StateBytes">Bytes that one stream takes in slab and store (header and state, without its key).</param>
/// <param name="StateDigest">SHA-256 over model id, count, last event time and mixer state, lower-case hex.</param>
/// <param name="Scores">How well its forecasts have done.</param>
public sealed record StreamSnapshot(
    string Stream, long Events, long LastEventTicks, float[] State, int StateBytes, string StateDigest, LiveScores Scores = default);

/// <summary>A stream that has been silent for unusually long.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="LastEventTicks">Time of its latest event.</param>
/// <param name="SilenceSeconds">Seconds since then.</param>
/// <param name="LogSurvival">Log probability that nothing would have come by now, given that a next event comes at all, nats.</param>
public sealed record OverdueStream(string Stream, long LastEventTicks, double SilenceSeconds, double LogSurvival);

/// <summary>An event of the log that could not be applied, with its reason.</summary>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Sequence">Sequence number within it.</param>
/// <param name="Stream">Stream key.</param>
/// <param name="TimeTicks">Event time.</param>
/// <param name="Mark">Mark, or null.</param>
/// <param name="Id">Event id, or null.</param>
/// <param name="AppendTicks">When it was appended.</param>
/// <param name="Reason">"late" or "future".</param>
/// <param name="Detail">One sentence: what was seen and what was expected.</param>
public sealed record DeadLetter(int Partition, long Sequence, string Stream, long TimeTicks, string? Mark, string? Id,
    long AppendTicks, string Reason, string Detail);

/// <summary>Where a platform stands.</summary>
public sealed record PlatformStatus
{
    /// <summary>Streams with at least one applied event.</summary>
    public long Streams { get; init; }

    /// <summary>Events in the log (control records not counted).</summary>
    public long EventsAccepted { get; init; }

    /// <summary>Events applied to a state since the log was created.</summary>
    public long EventsApplied { get; init; }

    /// <summary>Events that became dead letters since the log was created.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Applied events whose mark the model does not know, since the log was created.</summary>
    public long UnknownMarks { get; init; }

    /// <summary>Records appended but not applied yet.</summary>
    public long LagEvents { get; init; }

    /// <summary>Age of the oldest record not applied yet, seconds; 0 when there is none.</summary>
    public double LagSeconds { get; init; }

    /// <summary>Events scored since this process started, and their summed scores (nats; sums of <see cref="StepScore"/>).</summary>
    public ScoreTotals Scores { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>True once every shard has loaded its rows and serves queries.</summary>
    public bool Ready { get; init; }

    /// <summary>Why the platform is not healthy, one sentence each; empty when it is.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>Sums of scores over events; divide by <paramref name="Events"/> for means.</summary>
public sealed record ScoreTotals(long Events, double Time, double Mark, double BaselineTime, double BaselineMark);

/// <summary>What an append did.</summary>
/// <param name="Accepted">Events appended by this request (by its first run, when replayed).</param>
/// <param name="Position">Position that includes them.</param>
/// <param name="Replayed">True when the idempotency key had been used: nothing was appended now.</param>
/// <param name="Payload">The bytes that the first run of the request left in <see cref="IdempotentRequest.Payload"/>; empty without a key.</param>
public sealed record AppendReceipt(int Accepted, Position Position, bool Replayed, ReadOnlyMemory<byte> Payload);

/// <summary>A request that must take effect once.</summary>
/// <param name="Key">Idempotency key, 1 to 256 characters.</param>
/// <param name="Fingerprint">SHA-256 of content type and body: tells a repeat from another request under the same key.</param>
/// <param name="Payload">Kept with the key and handed back on a repeat (the API keeps its list of rejections here).</param>
public sealed record IdempotentRequest(string Key, ReadOnlyMemory<byte> Fingerprint, ReadOnlyMemory<byte> Payload);

/// <summary>An idempotency key was used again with another body.</summary>
public sealed class IdempotencyConflictException(string message) : Exception(message);

/// <summary>The platform cannot serve this now; retrying later is right.</summary>
public sealed class PlatformUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
