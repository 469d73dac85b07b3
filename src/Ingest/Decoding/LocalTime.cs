namespace Foretell.Ingest.Decoding;

/// <summary>Times on the clock of a zone, whose offset nobody wrote down.</summary>
/// <remarks>Where clocks are put back, a time comes twice and the first one is meant; where they are put forward, a time is left out and
/// the offset from before holds, which puts it as long behind the change as it is into the gap. Source: RFC 5545, section 3.3.5.</remarks>
internal static class LocalTime
{
    // Wider than any offset with any change of it, so that both sides of a change that may matter are seen.
    private static readonly TimeSpan s_reach = TimeSpan.FromHours(26);

    /// <summary>Ticks since 1970-01-01T00:00Z of a local time.</summary>
    /// <param name="localTicks">Ticks since 1970-01-01T00:00 on the zone's clock.</param>
    /// <param name="zone">The zone.</param>
    public static long ToUtc(long localTicks, TimeZoneInfo zone)
    {
        long before = OffsetAt(localTicks - s_reach.Ticks, zone);
        long after = OffsetAt(localTicks + s_reach.Ticks, zone);
        bool isBefore = before == after || OffsetAt(localTicks - before, zone) == before || OffsetAt(localTicks - after, zone) != after;
        return localTicks - (isBefore ? before : after);
    }

    private static long OffsetAt(long ticks, TimeZoneInfo zone)
    {
        long since1 = Math.Clamp(ticks + DateTime.UnixEpoch.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return zone.GetUtcOffset(new DateTime(since1, DateTimeKind.Utc)).Ticks;
    }
}
