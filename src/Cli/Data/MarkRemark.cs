using Foretell.Cli.Shell;
using Foretell.Engine.Events;
using Foretell.Models.PointProcess;

namespace Foretell.Cli.Data;

/// <summary>What is said of events whose mark a model does not know.</summary>
internal static class MarkRemark
{
    /// <summary>The sentence; null where there is none.</summary>
    /// <param name="unknown">What was counted.</param>
    /// <param name="hasOtherMark">Whether the model has a mark for all marks outside its vocabulary.</param>
    public static string? Of(UnknownMarks unknown, bool hasOtherMark) => unknown.Events == 0 ? null
        : $"{Count(unknown)} have a mark that the model does not know ({Examples(unknown)}). "
            + (hasOtherMark ? "They count as its mark 'other'." : "Each scores a probability of one in a million; train the model on data that has them.");

    /// <summary>Looks at the marks of a batch of events.</summary>
    public static void Add(this UnknownMarks unknown, EventBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            var record = new LogRecord(batch[i]);
            if (record.Kind == LogRecordKind.Event)
            {
                unknown.Add(record.Mark);
            }
        }
    }

    /// <summary>"12 of 980 events".</summary>
    public static string Count(UnknownMarks unknown) => $"{Format.Count(unknown.Events)} of {Format.Count(unknown.Of)} events";

    /// <summary>"'refund', 'void', none at all".</summary>
    public static string Examples(UnknownMarks unknown) =>
        string.Join(", ", unknown.Examples.Select(mark => mark.Length == 0 ? "none at all" : Format.Quoted(mark)))
        + (unknown.HasMoreExamples ? ", ..." : "");
}
