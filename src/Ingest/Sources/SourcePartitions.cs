using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Ingest.Sources;

/// <summary>Which partitions of a source are to be read, held against those that were there before.</summary>
/// <remarks>
/// The log keeps the names under the partition "" of the source. Where keys decide on partitions, another number of them sends a stream's
/// events elsewhere: somebody has to know.
/// </remarks>
/// <param name="Names">Partitions to read.</param>
/// <param name="Problem">What has changed, one sentence; null where nothing has, or it was accepted.</param>
public sealed record SourcePartitions(IReadOnlyList<string> Names, string? Problem)
{
    /// <summary>Asks the broker, and keeps what it says where the source is new or a change is accepted.</summary>
    /// <exception cref="SourceException">The broker does not answer.</exception>
    /// <exception cref="Engine.PlatformUnavailableException">The log cannot be read or written now.</exception>
    public static async Task<SourcePartitions> FindAsync(IMessageSource source, ISourceLog log, LossPolicy onLoss,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> found = (await source.DescribeAsync(cancellationToken)).Partitions;
        SourceState? kept = (await log.ReadSourceAsync(source.Name, cancellationToken)).GetValueOrDefault("");
        string[] before = kept?.Number is null ? [] : kept.Identity.Split(',');
        string[] added = [.. found.Except(before)], gone = [.. before.Except(found)];
        if (added.Length + gone.Length == 0)
        {
            return new SourcePartitions(found, null);
        }
        if (before.Length == 0 || onLoss == LossPolicy.Skip)
        {
            var all = new SourcePartition(source.Name, "");
            SourceState held = await log.TakeSourceAsync(all, cancellationToken);
            await log.AppendSourceAsync(new EventBatch(),
                new SourceAdvance(all, held.Epoch, held.Number, found.Count, string.Join(',', found)), cancellationToken);
            return new SourcePartitions(found, null);
        }
        return new SourcePartitions([.. found.Except(added)], added.Length > 0
            ? $"{source.Description} has {found.Count} partitions, and {before.Length} were read before: events of one stream may lie in two of them, and come out of order. "
                + "The new ones are not read: to read them, start with on-loss=skip."
            : $"{source.Description} has no partition {string.Join(", ", gone)} any more, which was read before. Start with on-loss=skip if that is meant.");
    }
}
