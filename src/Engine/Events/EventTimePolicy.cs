using System.Globalization;

namespace Foretell.Engine.Events;

/// <summary>What happens to events whose time lies behind their stream, or ahead of the clock.</summary>
/// <param name="LateTolerance">An event older than its stream's latest by at most this counts as gap zero; an older one is a dead
/// letter.</param>
/// <param name="FutureTolerance">An event more than this after its append time is a dead letter.</param>
public sealed record EventTimePolicy(TimeSpan LateTolerance, TimeSpan FutureTolerance)
{
    private const string Ahead = ";ahead=append";

    /// <summary>What holds before a log's first policy: 5 seconds late, 1 hour ahead, times as they are.</summary>
    public static readonly EventTimePolicy Default = new(TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));

    /// <summary>What a new log begins with: the same, but an event that is ahead counts when it was appended.</summary>
    public static readonly EventTimePolicy OfNewLogs = Default with { AheadCountsAtAppend = true };

    /// <summary>An event more than the late tolerance ahead of its append time counts as if it had happened then: kept as it is, it
    /// would make every event late that the stream has until the clocks meet. Logs of earlier releases do without, and keep their
    /// meaning.</summary>
    public bool AheadCountsAtAppend { get; init; }

    /// <summary>How many streams there may be; null for any number.</summary>
    public StreamQuota? Quota { get; init; }

    /// <summary>The time that an event counts at.</summary>
    /// <param name="timeTicks">Its own time.</param>
    /// <param name="appendTicks">When it was appended.</param>
    public long Effective(long timeTicks, long appendTicks) =>
        AheadCountsAtAppend && timeTicks - appendTicks > LateTolerance.Ticks ? appendTicks : timeTicks;

    /// <summary>The text of a policy in a control record: "late=50000000;future=36000000000", ticks of 100 ns, and ";ahead=append" and a
    /// quota (<see cref="StreamQuota.ToString"/>) behind it where these hold.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"late={LateTolerance.Ticks};future={FutureTolerance.Ticks}{(AheadCountsAtAppend ? Ahead : "")}{Quota}");

    /// <summary>Reads <see cref="ToString"/>'s text.</summary>
    /// <exception cref="InvalidDataException">The text is no policy.</exception>
    public static EventTimePolicy Parse(string text)
    {
        string rest = text;
        bool isRead = StreamQuota.TryTakeFrom(ref rest, out StreamQuota? quota);
        bool ahead = rest.EndsWith(Ahead, StringComparison.Ordinal);
        string[] parts = (ahead ? rest[..^Ahead.Length] : rest).Split(';');
        if (!isRead || parts.Length != 2 || !TryTicks(parts[0], "late=", out TimeSpan late) || !TryTicks(parts[1], "future=", out TimeSpan future))
        {
            throw new InvalidDataException(
                $"An event-time policy reads 'late=TICKS;future=TICKS', with or without '{Ahead}' and a quota of streams, got '{text}'. A later release may have written it.");
        }
        return new EventTimePolicy(late, future) { AheadCountsAtAppend = ahead, Quota = quota };
    }

    private static bool TryTicks(string part, string name, out TimeSpan value)
    {
        bool read = long.TryParse(part.AsSpan(Math.Min(name.Length, part.Length)), NumberStyles.None, CultureInfo.InvariantCulture,
            out long ticks);
        value = new TimeSpan(ticks);
        return read && part.StartsWith(name, StringComparison.Ordinal);
    }
}
