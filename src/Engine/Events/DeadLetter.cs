namespace Foretell.Engine.Events;

/// <summary>An event of the log that could not be applied, with its reason.</summary>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Sequence">Sequence number within it.</param>
/// <param name="Stream">Stream key.</param>
/// <param name="TimeTicks">Event time.</param>
/// <param name="Mark">Mark, or null.</param>
/// <param name="Id">Event id, or null.</param>
/// <param name="AppendTicks">When it was appended.</param>
/// <param name="Reason">"late" or "future".</param>
/// <param name="Detail">One sentence: what was seen and what was expected.</param>
public sealed record DeadLetter(int Partition, long Sequence, string Stream, long TimeTicks, string? Mark, string? Id,
    long AppendTicks, string Reason, string Detail)
{
    /// <summary>The newest of some, newest first by append time.</summary>
    public static IReadOnlyList<DeadLetter> Newest(IEnumerable<DeadLetter> letters, int limit) =>
        [.. letters.OrderByDescending(l => l.AppendTicks).ThenBy(l => l.Partition).ThenByDescending(l => l.Sequence).Take(limit)];
}
