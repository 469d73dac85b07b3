using System.Text;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>Refuses data from which no model comes that can be loaded (<see cref="ModelLimits"/>), before hours are spent on it.</summary>
internal static class DataLimits
{
    private const string AnotherUnit = "write the times in a unit in which a usual gap is near 1, and name it with --time-unit.";

    /// <summary>Checks times, gaps, ends of observation, the length of marks and values.</summary>
    /// <param name="sequences">A set to train on or to score.</param>
    /// <param name="set">What it is called: train, dev, test.</param>
    /// <exception cref="ArgumentException">One lies beyond a limit; the message says where, which, and what to do.</exception>
    public static void Check(IReadOnlyList<EventSequence> sequences, string set)
    {
        foreach (EventSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Times.Length; t++)
            {
                if (Fault(sequence, t) is { } fault)
                {
                    throw Refusal(sequence, set, t, fault);
                }
            }
        }
    }

    /// <summary>Checks the shortest gap of what is trained on.</summary>
    /// <exception cref="ArgumentException">It is shorter than a model can hold.</exception>
    public static void CheckShortestGap(IReadOnlyList<EventSequence> train)
    {
        foreach (EventSequence sequence in train)
        {
            for (int t = 1; t < sequence.Times.Length; t++)
            {
                double gap = sequence.Times[t] - sequence.Times[t - 1];
                if (gap is > 0 and < ModelLimits.ShortestGap)
                {
                    throw Refusal(sequence, "train", t, FormattableString.Invariant(
                        $"a gap of {gap} time units before it; a gap above 0 must be at least {ModelLimits.ShortestGap}. Where events came at once give them the same time; otherwise {AnotherUnit}"));
                }
            }
        }
    }

    private static string? Fault(EventSequence sequence, int t)
    {
        double time = sequence.Times[t], gap = t == 0 ? 0 : time - sequence.Times[t - 1];
        if (!(Math.Abs(time) <= ModelLimits.LongestGap))
        {
            return FormattableString.Invariant($"a time of {time}; times must be at most {ModelLimits.LongestGap} time units from 0: {AnotherUnit}");
        }
        if (gap < 0)
        {
            return FormattableString.Invariant($"a gap of {gap} before it; gaps must be 0 or more: sort the events by time.");
        }
        if (gap > ModelLimits.LongestGap)
        {
            return FormattableString.Invariant($"a gap of {gap} before it; gaps must be at most {ModelLimits.LongestGap} time units: {AnotherUnit}");
        }
        if (sequence.Marks is { } marks && Encoding.UTF8.GetByteCount(marks[t]) is > ModelLimits.MarkBytes and var bytes)
        {
            return $"a mark of {bytes} bytes; a mark may have {ModelLimits.MarkBytes} bytes of UTF-8: give long marks shorter names.";
        }
        if (sequence.Values is { } values && values.FirstOrDefault(v => double.IsInfinity(v.Value[t])) is { Key: { } name })
        {
            return $"an infinite '{name}'; a value must be a finite number: leave it out of the event.";
        }
        return t == sequence.Times.Length - 1 && sequence.Until is { } until && !double.IsPositiveInfinity(until)
            && !(until >= time && until - time <= ModelLimits.LongestGap)
            ? FormattableString.Invariant($"a silence of {until - time} behind it; a silence must be 0 to {ModelLimits.LongestGap} time units: {AnotherUnit}")
            : null;
    }

    private static ArgumentException Refusal(EventSequence sequence, string set, int index, string fault) =>
        new($"Event {index} (from 0) of stream '{sequence.Id}' of the {set} set has {fault}");
}
