namespace Foretell.Ingest.Sinks;

/// <summary>How a sink is published to.</summary>
public sealed record SinkOptions
{
    /// <summary>Messages that are published and acknowledged together at most.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Items of a feed that wait in memory at most, beside those that are being published.</summary>
    public int QueueSize { get; init; } = 1024;

    /// <summary>Wait before the first try after a failure; each further one waits twice as long, up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Wait before a feed that another publisher took is taken back: long enough for this one to be ended, if it is the stale
    /// one.</summary>
    public TimeSpan RetakeDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait behind one after which the next try failed, too.</summary>
    internal TimeSpan NextDelay(TimeSpan delay) => delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay;
}
