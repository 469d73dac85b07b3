namespace Foretell.Web.Tests;

/// <summary>A clock that shows what the test says. Its timers are the system's.</summary>
internal sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
