using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Faults.Disk;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>A platform's log, which gives the oracle a copy of what it is about to forget.</summary>
internal sealed class MirroredLog(IEventLog log, Oracle oracle) : IEventLog
{
    /// <inheritdoc/>
    public int PartitionCount => log.PartitionCount;

    /// <inheritdoc/>
    public string? Problem => log.Problem;

    /// <inheritdoc/>
    public Exception? Lost => log.Lost;

    /// <inheritdoc/>
    public async Task<bool> TrimAsync(int partition, long upTo, long before, CancellationToken cancellationToken)
    {
        oracle.Trimming(partition, upTo, await log.ReadAllAsync(partition, after: oracle.Mirrored(partition)));
        long trimmed = log.Trimmed(partition);
        bool hasMore = await log.TrimAsync(partition, upTo, before, cancellationToken);
        if (log.Trimmed(partition) > trimmed)
        {
            Weather.Count(FaultKind.Trim);
            oracle.Trimmed(partition, log.Trimmed(partition), upTo, before);
        }
        return hasMore;
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken) =>
        log.AppendAsync(batch, request, cancellationToken);

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendSourceAsync(EventBatch batch, SourceAdvance source, CancellationToken cancellationToken) =>
        log.AppendSourceAsync(batch, source, cancellationToken);

    /// <inheritdoc/>
    public Task<SourceState> TakeSourceAsync(SourcePartition partition, CancellationToken cancellationToken) =>
        log.TakeSourceAsync(partition, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, SourceState>> ReadSourceAsync(string source, CancellationToken cancellationToken) =>
        log.ReadSourceAsync(source, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AppendControlAsync(string name, string value, CancellationToken cancellationToken) =>
        log.AppendControlAsync(name, value, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string?> FindControlAsync(string name, CancellationToken cancellationToken) =>
        log.FindControlAsync(name, cancellationToken);

    /// <inheritdoc/>
    public LogEnd End(int partition) => log.End(partition);

    /// <inheritdoc/>
    public Task RefreshAsync(CancellationToken cancellationToken) => log.RefreshAsync(cancellationToken);

    /// <inheritdoc/>
    public long Trimmed(int partition) => log.Trimmed(partition);

    /// <inheritdoc/>
    public ILogReader OpenReader(int partition, long after) => log.OpenReader(partition, after);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => log.DisposeAsync();
}
