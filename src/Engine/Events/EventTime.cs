using System.Globalization;

namespace Foretell.Engine.Events;

/// <summary>Event times: a long that counts 100 ns ticks since 1970-01-01T00:00Z (negative before).</summary>
public static class EventTime
{
    /// <summary>Ticks per second.</summary>
    public const long PerSecond = TimeSpan.TicksPerSecond;

    /// <summary>Earliest time an event may carry: year 1.</summary>
    public static readonly long Min = FromDateTimeOffset(DateTimeOffset.MinValue);

    /// <summary>Latest time an event may carry: end of year 9999.</summary>
    public static readonly long Max = FromDateTimeOffset(DateTimeOffset.MaxValue);

    /// <summary>Whether ticks lie within [<see cref="Min"/>, <see cref="Max"/>].</summary>
    public static bool IsValid(long ticks) => ticks >= Min && ticks <= Max;

    /// <summary>Ticks of a calendar time.</summary>
    public static long FromDateTimeOffset(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    /// <summary>Calendar time of ticks within [<see cref="Min"/>, <see cref="Max"/>].</summary>
    public static DateTimeOffset ToDateTimeOffset(long ticks) => new(ticks + DateTimeOffset.UnixEpoch.UtcTicks, TimeSpan.Zero);

    /// <summary>Ticks of a number of Unix seconds, rounded to the nearest tick.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite or lies outside years 1 to 9999.</exception>
    public static long FromUnixSeconds(double seconds)
    {
        double ticks = Math.Round(seconds * PerSecond);
        if (!(ticks >= Min && ticks <= Max))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds,
                $"Time must be a number of Unix seconds within years 1 to 9999, got {seconds.ToString(CultureInfo.InvariantCulture)}.");
        }
        return (long)ticks;
    }

    /// <summary>Seconds between two times.</summary>
    public static double SecondsBetween(long earlierTicks, long laterTicks) => (laterTicks - earlierTicks) / (double)PerSecond;
}
