namespace Foretell.Engine.Log;

/// <summary>Where the reading of one partition of a source stands.</summary>
/// <param name="Partition">Source and partition.</param>
/// <param name="Number">Last message in the log; -1 before the first.</param>
/// <param name="Last">Newest message of the broker, when it was asked last; -1 before the first.</param>
/// <param name="LastEnqueuedTicks">When the broker took message <paramref name="Number"/> (<see cref="Events.EventTime"/>); 0 before
/// the first.</param>
/// <param name="Messages">Messages appended since this reader began.</param>
/// <param name="Unreadable">Of these, messages or parts of them that became dead letters at once.</param>
/// <param name="Missing">Messages skipped because they were gone.</param>
/// <param name="Problem">Why it cannot go on now, one sentence; null while it can.</param>
public sealed record SourceProgress(SourcePartition Partition, long Number, long Last, long LastEnqueuedTicks, long Messages,
    long Unreadable, long Missing, string? Problem)
{
    /// <summary>Messages of the broker that are not in the log yet.</summary>
    public long Lag => Math.Max(0, Last - Number);

    /// <summary>Age of the last message in the log, seconds, while the broker has more; 0 while it has not.</summary>
    /// <param name="nowTicks">Now (<see cref="Events.EventTime"/>).</param>
    public double LagSeconds(long nowTicks) =>
        Lag == 0 || LastEnqueuedTicks == 0 ? 0 : Math.Max(0, Events.EventTime.SecondsBetween(LastEnqueuedTicks, nowTicks));
}

/// <summary>How the sources of a platform do.</summary>
/// <param name="Partitions">Where the reading of each partition stands.</param>
/// <param name="Problems">Why a source is not read to the full, one sentence each.</param>
public sealed record SourcesReport(IReadOnlyList<SourceProgress> Partitions, IReadOnlyList<string> Problems)
{
    /// <summary>Of a platform without sources.</summary>
    public static readonly SourcesReport None = new([], []);
}
