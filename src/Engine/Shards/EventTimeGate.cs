using System.Globalization;
using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Engine.Shards;

/// <summary>Decides by event time which events may advance a stream.</summary>
internal sealed class EventTimeGate
{
    /// <summary>Policy in force; a control record changes it.</summary>
    public EventTimePolicy Policy { get; set; } = EventTimePolicy.Default;

    /// <summary>Why an event cannot be applied, or null when it can.</summary>
    /// <param name="timeTicks">Time of the event.</param>
    /// <param name="appendTicks">When it was appended: the clock it is held against, so that a replay decides the same.</param>
    /// <param name="lastTicks">Time of the stream's latest event, or null for its first.</param>
    /// <param name="time">Output: the time that the event counts at.</param>
    public Refusal? Refuse(long timeTicks, long appendTicks, long? lastTicks, out long time)
    {
        time = Policy.Effective(timeTicks, appendTicks);
        if (timeTicks - appendTicks > Policy.FutureTolerance.Ticks)
        {
            return new Refusal("future", "after it was appended", timeTicks - appendTicks, Policy.FutureTolerance);
        }
        if (lastTicks is { } last && last - time > Policy.LateTolerance.Ticks)
        {
            return new Refusal("late", "before its stream's latest event", last - time, Policy.LateTolerance);
        }
        return null;
    }

    /// <summary>Why an event became a dead letter.</summary>
    public sealed record Refusal(string Reason, string Where, long DistanceTicks, TimeSpan Tolerance)
    {
        /// <summary>The letter.</summary>
        public DeadLetter ToDeadLetter(int partition, long sequence, long appendTicks, LogRecord record)
        {
            string detail = string.Create(CultureInfo.InvariantCulture,
                $"The event's time lies {DistanceTicks / (double)EventTime.PerSecond} s {Where}; at most {Tolerance.TotalSeconds} s are allowed.");
            return EventTimeGate.ToDeadLetter(partition, sequence, appendTicks, record, Reason, detail);
        }
    }

    /// <summary>The letter of an event that cannot be applied.</summary>
    public static DeadLetter ToDeadLetter(int partition, long sequence, long appendTicks, LogRecord record, string reason, string detail) =>
        new(partition, sequence, Encoding.UTF8.GetString(record.Key), record.TimeTicks, TextOrNull(record.Mark), TextOrNull(record.Id),
            appendTicks, reason, detail);

    private static string? TextOrNull(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? null : Encoding.UTF8.GetString(utf8);
}
