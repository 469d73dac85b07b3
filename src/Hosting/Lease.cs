namespace Foretell.Hosting;

/// <summary>An owner's right to answer and publish: it ends by the owner's own clock unless it is renewed (law 3).</summary>
/// <param name="length">How long one renewal lasts; null for an owner that nobody can replace, whose lease never ends.</param>
/// <param name="time">Its clock. It must go on while the process is paused, as a monotonic system clock does.</param>
internal sealed class Lease(TimeSpan? length, TimeProvider time)
{
    private const long Never = long.MinValue;

    private long _renewedAt = Never;

    /// <summary>True while the owner may answer.</summary>
    public bool IsValid => length is not { } limit
        || (Volatile.Read(ref _renewedAt) is var renewed && renewed != Never && time.GetElapsedTime(renewed) < limit);

    /// <summary>The store confirmed the epoch.</summary>
    /// <param name="askedAt">Time stamp of the question, not of the answer: the process may have been paused in between.</param>
    public void Renew(long askedAt)
    {
        if (askedAt > Volatile.Read(ref _renewedAt))
        {
            Volatile.Write(ref _renewedAt, askedAt);
        }
    }
}
