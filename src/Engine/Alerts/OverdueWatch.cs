using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;

namespace Foretell.Engine.Alerts;

/// <summary>Knows when each stream of a shard becomes overdue. Its <see cref="Shard"/> guards it.</summary>
/// <remarks>
/// An event costs a bound on its stream's deadline, not the deadline: the bound is below it, and so close that hardly any
/// silence reaches it. Only then the survival itself is computed, and where it is still above the threshold, the exact deadline.
/// </remarks>
internal sealed class OverdueWatch : IDisposable
{
    /// <summary>Rows of the wheel looked at under one hold of the shard's lock.</summary>
    public const int SliceRows = 256;

    private readonly Forecaster _forecaster;
    private readonly AlertRule _rule;
    private readonly SilenceBounds _bounds;
    private readonly TimerWheel _wheel = new();
    private readonly double _logThreshold;
    private readonly int[] _rows = new int[SliceRows];
    private readonly double[] _atLeast = new double[SliceRows], _atMost = new double[SliceRows];
    private readonly float[] _state;
    private int _restored, _rebuilt;
    private long _clock;

    public OverdueWatch(Forecaster forecaster, AlertRule rule)
    {
        rule.Check();
        (_forecaster, _rule) = (forecaster, rule);
        _bounds = new SilenceBounds(forecaster.Model, rule.Survival);
        _logThreshold = Math.Log(rule.Survival);
        _state = new float[forecaster.Model.StateFloats];
    }

    /// <summary>So many rows came from the store; their deadlines are made up for by <see cref="TryRebuild"/>.</summary>
    public void Restored(int rows) => _restored = rows;

    /// <summary>Sets the deadlines of rows that have just been stepped.</summary>
    /// <param name="slab">The shard's.</param>
    /// <param name="stepped">Distinct rows, any number.</param>
    /// <param name="clock">When their records were appended.</param>
    public void Reset(Slab slab, ReadOnlySpan<StepInput> stepped, long clock)
    {
        for (int start = 0; start < stepped.Length; start += SliceRows)
        {
            int rows = Math.Min(SliceRows, stepped.Length - start);
            for (int i = 0; i < rows; i++)
            {
                _rows[i] = stepped[start + i].Row;
            }
            Schedule(slab, rows, clock);
        }
    }

    /// <summary>The time by which silences count: now, or while records wait to be applied, when the last that was applied was
    /// appended.</summary>
    /// <remarks>What waits may hold the very event that a stream seems to owe. Its lag must not raise alerts, and does not stop
    /// them.</remarks>
    public long Clock(long now, bool caughtUp, long appliedTicks)
    {
        _clock = caughtUp ? now : Math.Max(_clock, Math.Min(now, appliedTicks));
        return _clock;
    }

    /// <summary>Sets the deadlines of the next restored rows.</summary>
    /// <returns>False when none was left.</returns>
    public bool TryRebuild(Slab slab)
    {
        int rows = Math.Min(SliceRows, _restored - _rebuilt);
        for (int i = 0; i < rows; i++)
        {
            _rows[i] = _rebuilt + i;
        }
        Schedule(slab, rows, _clock);
        _rebuilt += rows;
        return rows > 0;
    }

    /// <summary>Looks at the next rows whose time has come.</summary>
    /// <param name="slab">The shard's.</param>
    /// <param name="now">The time by which an alert is old.</param>
    /// <param name="alerts">Alerts are added here.</param>
    /// <returns>False when none was left.</returns>
    public bool TryRaise(Slab slab, long now, List<Alert> alerts)
    {
        long tick = _clock / _rule.Tick.Ticks;
        // Small steps back are waited out; only a clock that was set back is worth sorting every row anew.
        if (tick < _wheel.Now - TimeSpan.TicksPerSecond / _rule.Tick.Ticks - 1)
        {
            _wheel.TurnBack(Math.Max(0, tick));
        }
        for (int i = 0; i < SliceRows; i++)
        {
            if (!_wheel.TryExpire(tick, out int row))
            {
                return false;
            }
            Judge(slab, row, now, alerts);
        }
        return true;
    }

    public void Dispose() => _bounds.Dispose();

    private void Schedule(Slab slab, int rows, long clock)
    {
        _bounds.Compute(slab.Backend, _rows.AsSpan(0, rows), _atLeast, _atMost);
        for (int i = 0; i < rows; i++)
        {
            long last = slab.Header(_rows[i]).LastEventTicks;
            // An event of the past whose deadline is long over: nobody waits for the alert that is only counted.
            bool isOld = After(last, _atMost[i]) < clock - _rule.MaxAge.Ticks;
            _wheel.Schedule(_rows[i], ToTick(isOld ? clock + _rule.MaxAge.Ticks : After(last, _atLeast[i])));
        }
    }

    private void Judge(Slab slab, int row, long now, List<Alert> alerts)
    {
        ref RowHeader header = ref slab.Header(row);
        slab.Backend.Read(row, _state);
        slab.Backend.Population?.Serve(_state);
        double logSurvival = LogSurvival(header.LastEventTicks, _clock);
        if (logSurvival > _logThreshold)
        {
            double seconds = _forecaster.SilenceOf(_state, _rule.Survival);
            _wheel.Schedule(row, Math.Max(ToTick(After(header.LastEventTicks, seconds)), _wheel.Now + 1));
        }
        else if (LogSurvival(header.LastEventTicks, now - _rule.MaxAge.Ticks) <= _logThreshold)
        {
            Telemetry.AlertsTooOld.Add(1);
        }
        else
        {
            Telemetry.AlertsRaised.Add(1);
            alerts.Add(new Alert(Encoding.UTF8.GetString(slab.Index.Key(row)), header.Count, header.LastEventTicks, _clock, logSurvival,
                _rule.Survival));
        }
    }

    private double LogSurvival(long last, long at) => _forecaster.LogSurvival(_state, Math.Max(0, EventTime.SecondsBetween(last, at)));

    // The tick by which the time has come, never the one before.
    private long ToTick(long ticks) => ticks <= 0 ? 0 : (ticks - 1) / _rule.Tick.Ticks + 1;

    private static long After(long last, double seconds) =>
        (long)Math.Min(last + Math.Min(seconds, 1e12) * EventTime.PerSecond, EventTime.Max);
}
