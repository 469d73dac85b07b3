using System.Globalization;
using Foretell.Engine.Log;

namespace Foretell.Ingest.Sources;

/// <summary>Messages that the broker does not hold any more and the log does not have.</summary>
/// <param name="Kind">What happened: "retention", "renewed", "shortened", "hole".</param>
/// <param name="Missing">Messages that are missing; null where nobody can tell.</param>
/// <param name="Message">All of it in one sentence.</param>
/// <param name="GoOnAfter">Number of the message behind which reading can go on.</param>
public sealed record SourceLoss(string Kind, long? Missing, string Message, long GoOnAfter)
{
    /// <summary>Everything that <see cref="Kind"/> can be.</summary>
    internal static readonly string[] Kinds = ["retention", "renewed", "shortened", "hole"];

    /// <summary>Holds what the broker says against what the log says, before a partition is read.</summary>
    /// <returns>Null when nothing is missing.</returns>
    public static SourceLoss? Find(SourcePartition partition, SourceState held, string identity, PartitionRange range)
    {
        if (held.Number is not { } number)
        {
            return null;
        }
        if (number >= 0 && IsRenewed(held.Identity, identity))
        {
            return new SourceLoss("renewed", null,
                $"{partition} is not the one that was read up to message {Text(number)}: it was made anew ({identity}, before {held.Identity}). "
                + "What the old one still had beyond that message is lost.", range.First - 1);
        }
        if (number >= 0 && number > range.Last)
        {
            return new SourceLoss("shortened", null,
                $"{partition} ends at message {Text(range.Last)}, and was read up to message {Text(number)} before: the broker has lost its newest messages, "
                + "and what it numbers anew is not what was read.", range.Last);
        }
        return number + 1 < range.First ? Retention(partition, number, range.First) : null;
    }

    /// <summary>Whether a source is another one than before; where the broker does not say who it is, nobody can tell.</summary>
    public static bool IsRenewed(string before, string now) => before != now && before.Length > 0 && now.Length > 0;

    /// <summary>Of messages that did not come while the partition was read.</summary>
    public static SourceLoss Between(SourcePartition partition, long number, long next, PartitionRange range) =>
        range.First > number + 1 ? Retention(partition, number, next) : new SourceLoss("hole", next - number - 1,
            $"{partition} has a hole: behind message {Text(number)} comes message {Text(next)}, {Text(next - number - 1)} are missing.", next - 1);

    private static SourceLoss Retention(SourcePartition partition, long number, long first) => new("retention", first - number - 1,
        $"{partition} was read up to message {Text(number)}, and the oldest one that is left has number {Text(first)}: "
        + $"{Text(first - number - 1)} messages were dropped by the broker's retention before they were read.", first - 1);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Messages are missing, and the source's <see cref="LossPolicy"/> is to stop.</summary>
internal sealed class SourceLostException(SourceLoss loss) : Exception(
    $"{loss.Message} Reading has stopped: to go on without them, start with on-loss=skip; else restore them first.")
{
    public SourceLoss Loss { get; } = loss;
}
