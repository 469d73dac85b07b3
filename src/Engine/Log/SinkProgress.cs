namespace Foretell.Engine.Log;

/// <summary>Where the publishing of one feed to a sink stands.</summary>
/// <param name="Partition">Sink and feed, as the log keeps their position.</param>
/// <param name="Number">Number of the last item of the feed that is behind us: published, or skipped; -1 before the first.</param>
/// <param name="Published">Messages that the broker took since this publisher began.</param>
/// <param name="Missed">Items that were not published: gone from the feed, or refused for good by the broker.</param>
/// <param name="Problem">Why it cannot go on now, one sentence; null while it can.</param>
public sealed record SinkProgress(SourcePartition Partition, long Number, long Published, long Missed, string? Problem);
