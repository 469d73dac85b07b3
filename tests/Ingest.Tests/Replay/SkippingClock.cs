namespace Foretell.Ingest.Tests.Replay;

/// <summary>A clock on which every wait is over at once: it jumps to the end of the wait and notes it.</summary>
internal sealed class SkippingClock : TimeProvider
{
    private readonly DateTimeOffset _start = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public TimeSpan Passed { get; private set; }

    public List<TimeSpan> Waits { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Passed.Ticks;

    public override DateTimeOffset GetUtcNow() => _start + Passed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Add(dueTime);
        Passed += dueTime;
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
