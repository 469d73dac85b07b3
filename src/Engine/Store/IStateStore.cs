using Foretell.Engine.Events;

namespace Foretell.Engine.Store;

/// <summary>Keeps rows, dead letters and position of every shard. Guarded by epochs: the newest owner alone can commit (law 3).</summary>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>Makes the caller the owner of a partition: one atomic increment of its epoch. From now on older epochs are
    /// refused.</summary>
    /// <returns>The new epoch, 1 for the first owner.</returns>
    /// <exception cref="PlatformUnavailableException">The store cannot be reached now.</exception>
    Task<long> TakeEpochAsync(int partition, CancellationToken cancellationToken);

    /// <summary>The newest epoch that an owner took, 0 before the first: an owner that reads its own may go on.</summary>
    /// <exception cref="PlatformUnavailableException">The store cannot be reached now.</exception>
    Task<long> ReadEpochAsync(int partition, CancellationToken cancellationToken);

    /// <summary>What the last commit says of the shard, or null before the first.</summary>
    Task<ShardHeader?> ReadHeaderAsync(int partition, CancellationToken cancellationToken);

    /// <summary>Every page in ascending order. A page's memory is valid until the next one.</summary>
    IAsyncEnumerable<Memory<byte>> ReadPagesAsync(int partition, CancellationToken cancellationToken);

    /// <summary>Writes pages, dead letters and header in one transaction (law 2).</summary>
    /// <exception cref="StaleEpochException">A newer owner took the partition; nothing was written.</exception>
    /// <exception cref="PlatformUnavailableException">The store cannot be written now; nothing was written.</exception>
    Task CommitAsync(int partition, long epoch, ShardCommit commit, CancellationToken cancellationToken);

    /// <summary>Makes the last commit as safe as the storage can, and reads back how far it is: up to there the store may be the only
    /// copy of what the log's records made.</summary>
    /// <returns>Last record that the rows reflect; 0 before the first commit.</returns>
    /// <exception cref="PlatformUnavailableException">It cannot be done now.</exception>
    /// <exception cref="InvalidDataException">What was read back is damaged.</exception>
    Task<long> SecureAsync(int partition, CancellationToken cancellationToken);

    /// <summary>Committed dead letters of a partition, newest first.</summary>
    Task<IReadOnlyList<DeadLetter>> ReadDeadLettersAsync(int partition, int limit, CancellationToken cancellationToken);
}

/// <summary>A newer owner has taken the partition: this one must stop answering and committing.</summary>
public sealed class StaleEpochException(int partition, long epoch, long newest) : Exception(
    $"Partition {partition} belongs to a newer owner: this one has epoch {epoch}, the store has {newest}.");
