using System.Text;

namespace Foretell.Engine.Events;

/// <summary>An event of the log that could not be applied, with its reason.</summary>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Sequence">Sequence number within it.</param>
/// <param name="Stream">Stream key; of an unreadable message, its source's partition.</param>
/// <param name="TimeTicks">Event time; of an unreadable message, when the broker took it.</param>
/// <param name="Mark">Mark, or null.</param>
/// <param name="Id">Event id, or null; of an unreadable message, its number.</param>
/// <param name="AppendTicks">When it was appended.</param>
/// <param name="Reason">"late", "future", "quota", "label" or "unreadable".</param>
/// <param name="Detail">One sentence: what was seen and what was expected.</param>
public sealed record DeadLetter(int Partition, long Sequence, string Stream, long TimeTicks, string? Mark, string? Id,
    long AppendTicks, string Reason, string Detail)
{
    /// <summary>Dead letters that a store keeps of each partition, the newest ones; all are counted.</summary>
    public const int Kept = 10_000;

    /// <summary>Of a record that no event could be read from.</summary>
    internal static DeadLetter Unreadable(int partition, long sequence, long appendTicks, LogRecord record) =>
        new(partition, sequence, Encoding.UTF8.GetString(record.Key), record.TimeTicks, null, Encoding.UTF8.GetString(record.Id),
            appendTicks, "unreadable", Encoding.UTF8.GetString(record.Mark));

    /// <summary>The newest of some, newest first by append time.</summary>
    public static IReadOnlyList<DeadLetter> Newest(IEnumerable<DeadLetter> letters, int limit) =>
        [.. letters.OrderByDescending(l => l.AppendTicks).ThenBy(l => l.Partition).ThenByDescending(l => l.Sequence).Take(limit)];
}
