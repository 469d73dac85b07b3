namespace Foretell.Engine.Store;

/// <summary>What a store holds of one partition is not to be believed. Its rows are not shown; other partitions have nothing to do
/// with it, and the log can make them anew.</summary>
/// <param name="partition">The partition.</param>
/// <param name="cause">What was found.</param>
public sealed class StoreDamagedException(int partition, Exception cause) : Exception(
    $"Partition {partition}'s store is damaged: {cause.Message}. The partition's streams are not served, and its events are kept in the log. "
    + "Restore a backup, or stop the host and run 'foretell repair', which makes the rows anew from the log.", cause);
