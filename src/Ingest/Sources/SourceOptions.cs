using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Sources;

/// <summary>Where to begin with a source that the log does not know yet.</summary>
public enum SourceStart
{
    /// <summary>With the oldest message that the broker holds.</summary>
    Beginning,

    /// <summary>With the next message that comes.</summary>
    End,

    /// <summary>With the first message that the broker took at or after <see cref="SourceOptions.StartTime"/>.</summary>
    Time,
}

/// <summary>What to do where messages are gone that the log does not have.</summary>
public enum LossPolicy
{
    /// <summary>Read no further, and say so until somebody decides.</summary>
    Stop,

    /// <summary>Go on behind the loss. It stays on record as a dead letter.</summary>
    Skip,
}

/// <summary>How a source is read.</summary>
public sealed record SourceOptions
{
    /// <summary>Where to begin, for the first time only.</summary>
    public SourceStart Start { get; init; }

    /// <summary>Moment to begin at, with <see cref="SourceStart.Time"/>.</summary>
    public DateTimeOffset StartTime { get; init; }

    /// <summary>What to do where messages are missing.</summary>
    public LossPolicy OnLoss { get; init; }

    /// <summary>Messages of one append at most.</summary>
    public int BatchSize { get; init; } = 4096;

    /// <summary>Records that may wait in the log to be applied before reading pauses.</summary>
    public long MaxLagEvents { get; init; } = 1_000_000;

    /// <summary>How often the broker is asked for its end, and for new partitions.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before the first try after a failure; each further one waits twice as long, up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Wait before a partition that another reader took is taken back: long enough for this one to be ended, if it is the stale
    /// one.</summary>
    public TimeSpan RetakeDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads where to begin as people write it.</summary>
    /// <param name="text">"start", "end", or a time: RFC 3339 with an offset, or Unix seconds.</param>
    /// <returns>Null where it is none of these.</returns>
    public static SourceOptions? BeginningAt(string text)
    {
        if (text is "start" or "end")
        {
            return new SourceOptions { Start = text == "start" ? SourceStart.Beginning : SourceStart.End };
        }
        return TimeText.Parse(Encoding.UTF8.GetBytes(text), out long ticks) is null
            ? new SourceOptions { Start = SourceStart.Time, StartTime = EventTime.ToDateTimeOffset(ticks) } : null;
    }

    /// <summary>The wait that follows one after which the next try failed, too.</summary>
    internal TimeSpan NextDelay(TimeSpan delay) => delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay;
}
