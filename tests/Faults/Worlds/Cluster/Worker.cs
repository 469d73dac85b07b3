using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Faults.Disk;

namespace Foretell.Faults.Worlds.Cluster;

/// <summary>A process that owns partitions, and its connection to the store.</summary>
internal sealed class Worker(IStateStore store, Fabric fabric, Weather weather) : IStateStore
{
    /// <summary>Whether it was killed: nothing of it reaches the store or anyone.</summary>
    public bool IsDead { get; set; }

    /// <summary>Whether the store no longer hears it.</summary>
    public bool IsUnheardByStore { get; set; }

    /// <summary>Whether the readers no longer hear it, though it hears them.</summary>
    public bool IsUnheardByReaders { get; set; }

    /// <inheritdoc/>
    public Task<long> TakeEpochAsync(int partition, CancellationToken cancellationToken) =>
        AskAsync(() => store.TakeEpochAsync(partition, cancellationToken));

    /// <inheritdoc/>
    public Task<long> ReadEpochAsync(int partition, CancellationToken cancellationToken) =>
        AskAsync(() => store.ReadEpochAsync(partition, cancellationToken));

    /// <inheritdoc/>
    public Task<ShardHeader?> ReadHeaderAsync(int partition, CancellationToken cancellationToken) =>
        AskAsync(() => store.ReadHeaderAsync(partition, cancellationToken));

    /// <inheritdoc/>
    public async IAsyncEnumerable<Memory<byte>> ReadPagesAsync(int partition,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await AskAsync(() => Task.FromResult(true));
        await foreach (Memory<byte> page in store.ReadPagesAsync(partition, cancellationToken))
        {
            yield return page;
        }
    }

    /// <inheritdoc/>
    public Task CommitAsync(int partition, long epoch, ShardCommit commit, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        await store.CommitAsync(partition, epoch, commit, cancellationToken);
        return weather.Draws(FaultKind.MessageLost) ? throw new PlatformUnavailableException("The commit's answer got lost.") : true;
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeadLetter>> ReadDeadLettersAsync(int partition, int limit, CancellationToken cancellationToken) =>
        AskAsync(() => store.ReadDeadLettersAsync(partition, limit, cancellationToken));

    /// <inheritdoc/>
    public Task<long> SecureAsync(int partition, CancellationToken cancellationToken) =>
        AskAsync(() => store.SecureAsync(partition, cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    /// <summary>One connection keeps its order: what was asked is not asked a second time behind the caller's back.</summary>
    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            await fabric.CallAsync(() => Task.FromResult(true));
        }
        catch (TimeoutException e)
        {
            throw new PlatformUnavailableException("The store does not answer.", e);
        }
        if (IsDead || IsUnheardByStore)
        {
            throw new PlatformUnavailableException("The store cannot be reached.");
        }
        return await ask();
    }
}
