namespace Foretell.Faults.Time;

/// <summary>A clock that moves when the simulation says so. Its timers fire between two pieces of work, never inside one.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly PriorityQueue<(Timer Timer, int Version), (long Due, long Order)> _timers = new();
    private long _order;

    /// <summary>Time since the simulation began, ticks of 100 ns.</summary>
    public long Ticks { get; private set; }

    /// <summary>Ticks at which the next timer is due, or null.</summary>
    public long? NextDue
    {
        get
        {
            while (_timers.TryPeek(out (Timer Timer, int Version) next, out (long Due, long) at))
            {
                if (next.Timer.Version == next.Version)
                {
                    return at.Due;
                }
                _timers.Dequeue();
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => s_start.AddTicks(Ticks);

    /// <inheritdoc/>
    public override long GetTimestamp() => Ticks;

    /// <summary>Lets time pass.</summary>
    public void Pass(long ticks) => Ticks += ticks;

    /// <summary>Moves to a later time.</summary>
    public void MoveTo(long ticks) => Ticks = Math.Max(Ticks, ticks);

    /// <summary>Fires the next timer, if it is due.</summary>
    public bool TryFire()
    {
        if (NextDue is not { } due || due > Ticks)
        {
            return false;
        }
        _timers.Dequeue().Timer.Fire();
        return true;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(SimulatedClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>Rises whenever what was set before counts no more.</summary>
        public int Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Version++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock._timers.Enqueue((this, Version), (clock.Ticks + dueTime.Ticks, clock._order++));
            }
            return true;
        }

        public void Fire()
        {
            Change(_period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : _period, _period);
            callback(state);
        }

        public void Dispose() => Version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
