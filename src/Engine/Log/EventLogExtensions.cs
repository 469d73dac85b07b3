using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>Questions that every log answers alike.</summary>
public static class EventLogExtensions
{
    /// <summary>Refuses a position that the log has not reached.</summary>
    /// <exception cref="ArgumentException">The position names a partition or sequence number that this log does not have.</exception>
    /// <exception cref="PlatformUnavailableException">The log cannot be read now.</exception>
    public static async Task CheckAsync(this IEventLog log, Position position, CancellationToken cancellationToken)
    {
        if (position.Parts.Any(part => part.Partition < log.PartitionCount && part.Sequence > log.End(part.Partition).Sequence))
        {
            // Another process may have appended it a moment ago.
            await log.RefreshAsync(cancellationToken);
        }
        foreach ((int partition, long sequence) in position.Parts)
        {
            if (partition >= log.PartitionCount)
            {
                throw new ArgumentException($"Position {position} names partition {partition}; this log has {log.PartitionCount}.",
                    nameof(position));
            }
            if (sequence > log.End(partition).Sequence)
            {
                throw new ArgumentException($"Position {position} names record {sequence} of partition {partition}, which ends at record "
                    + $"{log.End(partition).Sequence}. Use a position that this platform gave out.", nameof(position));
            }
        }
    }
}
