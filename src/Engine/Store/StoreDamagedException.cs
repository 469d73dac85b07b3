namespace Foretell.Engine.Store;

/// <summary>What a store holds of one partition is not to be believed, or is not there. Its rows are not shown; other partitions have
/// nothing to do with it.</summary>
/// <param name="partition">The partition.</param>
/// <param name="cause">What was found.</param>
/// <param name="trimmed">Last record that the log has no more (<see cref="Log.IEventLog.Trimmed"/>); with 0 the log can make the rows
/// anew.</param>
public sealed class StoreDamagedException(int partition, Exception cause, long trimmed = 0) : Exception(
    $"Partition {partition}'s store is damaged: {cause.Message}. The partition's streams are not served, and its events are kept in the log. "
    + (trimmed == 0
        ? "Restore a backup, or stop the host and run 'foretell repair', which makes the rows anew from the log."
        : $"The log was trimmed up to record {trimmed}: what these records made was in the store alone, and nothing can make it anew. Restore a "
            + $"backup. Without one, stop the host and run 'foretell repair': it makes rows from record {trimmed + 1} on, and what the streams did "
            + "before is lost."), cause);
