using Foretell.Engine.Alerts;

namespace Foretell.Engine.Tests.Alerts;

public class TimerWheelTests
{
    /// <summary>The same as the wheel, as plainly as possible.</summary>
    private sealed class SortedDeadlines
    {
        private readonly Dictionary<int, long> _due = [];

        public int Count => _due.Count;

        public void Schedule(int row, long due) => _due[row] = due;

        public void Cancel(int row) => _due.Remove(row);

        /// <summary>Rows due, by their deadlines as the wheel counts them: one that had passed when the wheel stood at
        /// <paramref name="was"/> is due then.</summary>
        public List<(long Due, int Row)> Expire(long was, long now)
        {
            List<(long, int)> due = [.. _due.Where(d => d.Value <= now).Select(d => (Math.Max(d.Value, was), d.Key)).Order()];
            due.ForEach(d => _due.Remove(d.Item2));
            return due;
        }
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(2, 5_000)]
    [InlineData(3, 40_000_000)]
    [InlineData(4, long.MaxValue / 4)]
    public void TryExpire_WhenAnythingHappens_AgreesWithASortedList(int seed, long span)
    {
        var random = new Random(seed);
        var wheel = new TimerWheel();
        var plain = new SortedDeadlines();
        long now = 17_000_000_000, wheelNow = now;
        Assert.Empty(Expire(wheel, now));
        for (int step = 0; step < 20_000; step++)
        {
            int row = random.Next(300);
            switch (random.Next(20))
            {
                case 0:
                    wheel.Cancel(row);
                    plain.Cancel(row);
                    break;
                case 1 or 2:
                    now += random.NextInt64(Math.Max(1, Math.Min(span / 4, long.MaxValue / 65536)));
                    List<(long Due, int Row)> expected = plain.Expire(wheelNow, now);
                    List<int> rows = Expire(wheel, now);
                    // Within a tick the order is free: each tick's rows are compared as a set.
                    Assert.Equal(expected.Select(e => e.Row), InTickOrder(rows, expected));
                    wheelNow = now;
                    break;
                case 3 when random.Next(50) == 0:
                    now = wheelNow = now - Math.Min(now, random.NextInt64(Math.Min(span, 1_000_000)));
                    wheel.TurnBack(now);
                    break;
                default:
                    long due = now - 20 + random.NextInt64(span);
                    wheel.Schedule(row, due);
                    plain.Schedule(row, due);
                    break;
            }
            Assert.Equal(plain.Count, wheel.Count);
        }
        Assert.Equal(plain.Expire(wheelNow, long.MaxValue).Count, Expire(wheel, long.MaxValue).Count);
        Assert.Equal(0, wheel.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(4096)]
    [InlineData(1L << 36)]
    [InlineData(long.MaxValue)]
    public void TryExpire_WhenADeadlineIsFarOff_WaitsForItToTheTick(long due)
    {
        var wheel = new TimerWheel();
        wheel.Schedule(7, due);
        if (due > 0)
        {
            Assert.Empty(Expire(wheel, due - 1));
        }
        Assert.Equal([7], Expire(wheel, due));
    }

    [Fact]
    public void Schedule_WhenADeadlineMovesAway_ExpiresOnceAtTheLastOne()
    {
        var wheel = new TimerWheel();
        for (int event_ = 0; event_ < 100; event_++)
        {
            wheel.Schedule(0, event_ + 10);
            Assert.Empty(Expire(wheel, event_));
        }
        Assert.Empty(Expire(wheel, 108));
        Assert.Equal([0], Expire(wheel, 109));
        Assert.Empty(Expire(wheel, 1_000_000));
    }

    [Fact]
    public void TurnBack_WhenTheClockIsSetBack_KeepsEveryDeadline()
    {
        var wheel = new TimerWheel();
        wheel.Schedule(0, 500);
        wheel.Schedule(1, 2_000);
        wheel.Schedule(2, 100_000);
        Assert.Equal([0], Expire(wheel, 1_000));

        wheel.TurnBack(100);
        wheel.Schedule(0, 300);
        wheel.Schedule(3, 5_000_000);
        Assert.Empty(Expire(wheel, 299));
        Assert.Equal([0], Expire(wheel, 300));
        Assert.Equal([1], Expire(wheel, 2_000));
        Assert.Equal([2, 3], Expire(wheel, 6_000_000));
    }

    [Fact]
    public void TryExpire_WhenAMillionRowsWait_FindsEachInOrderIn16BytesARow()
    {
        const int rows = 1_000_000;
        var random = new Random(5);
        var wheel = new TimerWheel();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var due = new long[rows];
        for (int row = 0; row < rows; row++)
        {
            wheel.Schedule(row, due[row] = random.NextInt64(864_000));
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before - rows * sizeof(long), 0, rows * 17L);

        for (int row = 0; row < rows; row += 2)
        {
            wheel.Schedule(row, due[row] = random.NextInt64(864_000));
        }
        before = GC.GetAllocatedBytesForCurrentThread();
        long last = 0;
        int found = 0;
        while (wheel.TryExpire(864_000, out int row))
        {
            Assert.True(due[row] >= last && due[row] == wheel.Now);
            (last, due[row]) = (due[row], -1);
            found++;
        }
        Assert.Equal(rows, found);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static List<int> Expire(TimerWheel wheel, long now)
    {
        var rows = new List<int>();
        while (wheel.TryExpire(now, out int row))
        {
            rows.Add(row);
        }
        return rows;
    }

    private static List<int> InTickOrder(List<int> rows, List<(long Due, int Row)> expected)
    {
        Dictionary<int, long> due = expected.ToDictionary(e => e.Row, e => e.Due);
        Assert.Equal(rows.Count, due.Count);
        Assert.Equal(rows.Select(r => due[r]), rows.Select(r => due[r]).Order());
        return [.. rows.OrderBy(r => due[r]).ThenBy(r => r)];
    }
}
