using Microsoft.Extensions.Time.Testing;

namespace Foretell.Ingest.Tests.Replay;

/// <summary>A clock on which every wait is over at once: it jumps to the end of the wait and notes it.</summary>
internal sealed class SkippingClock() : FakeTimeProvider(s_start)
{
    private static readonly DateTimeOffset s_start = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public TimeSpan Passed => GetUtcNow() - s_start;

    public List<TimeSpan> Waits { get; } = [];

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Add(dueTime);
        Advance(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
