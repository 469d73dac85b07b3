using Microsoft.Extensions.Time.Testing;

namespace Foretell.Web.Tests;

/// <summary>A clock that shows what the test says. Its timers are the system's: what ticks in the host goes on by itself.</summary>
internal sealed class ShownTime(DateTimeOffset now) : FakeTimeProvider(now)
{
    public DateTimeOffset Now
    {
        get => GetUtcNow();
        set => AdjustTime(value);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime, period);
}
