using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.Support;

/// <summary>A clock that moves when a test says so, in ticks of event time; its timers fire inside
/// <see cref="FakeTimeProvider.Advance"/>.</summary>
public sealed class TestTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    public long NowTicks => EventTime.FromDateTimeOffset(GetUtcNow());

    /// <summary>Timers made so far; await it before advancing past a timer that another thread is about to set.</summary>
    public SequenceSignal TimersSet { get; } = new();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        TimersSet.Publish(TimersSet.Value + 1);
        return timer;
    }
}
