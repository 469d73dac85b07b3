using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Engine.Tests.Shards;

public class ShardAlertTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;
    private static readonly AlertRule s_rule = new();
    private readonly List<Alert> _alerts = [];
    private long _sequence;

    [Fact]
    public void RaiseAlerts_WhenTenThousandStreamsFallSilent_RaisesEachAtItsDeadlineInOrder()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        var random = new Random(9);
        List<(string Stream, long Ticks, string Mark)> events = [.. Enumerable.Range(0, 30_000).Select(i =>
            ($"s{i % 10_000}", Now + random.NextInt64(EventTime.PerSecond * 60), new[] { "login", "view", "buy" }[random.Next(3)]))];
        Advance(shard, events);
        var deadlines = new Dictionary<string, long>();
        foreach (string stream in events.Select(e => e.Stream).Distinct())
        {
            deadlines.Add(stream, Deadline(shard, stream));
        }

        long first = deadlines.Values.Min(), last = deadlines.Values.Max(),
            step = Math.Max(s_rule.Tick.Ticks, (last - first) / 3000 / s_rule.Tick.Ticks * s_rule.Tick.Ticks);
        // Steps of some ticks, so that each call finds several streams, and the last ones tick by tick.
        for (long at = first - step; at < last + 2 * step; at += step)
        {
            int before = _alerts.Count;
            shard.RaiseAlerts(at, caughtUp: true, _alerts);
            List<long> raised = [.. _alerts.Skip(before).Select(a => deadlines[a.Stream])];
            Assert.All(raised, deadline => Assert.InRange(deadline, at - step - s_rule.Tick.Ticks, at));
        }
        Assert.Equal(10_000, _alerts.Select(a => a.Stream).Distinct().Count());
        Assert.Equal(10_000, _alerts.Count);
        Assert.All(_alerts, a => Assert.True(a.LogSurvival <= Math.Log(0.001) && a.Threshold == 0.001 && a.LastEventTicks >= Now));
    }

    [Fact]
    public void RaiseAlerts_WhenAnEventComesBeforeTheDeadline_RaisesTheNextSilenceOnly()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [("a", Now, "view")]);
        long deadline = Deadline(shard, "a");
        Advance(shard, [("a", deadline - EventTime.PerSecond, "view")], deadline - EventTime.PerSecond);
        long next = Deadline(shard, "a");

        shard.RaiseAlerts(deadline + EventTime.PerSecond, true, _alerts);
        Assert.Empty(_alerts);
        shard.RaiseAlerts(next - 1, true, _alerts);
        Assert.Empty(_alerts);
        for (int tick = 1; tick < 100; tick++)
        {
            shard.RaiseAlerts(next + tick * s_rule.Tick.Ticks, true, _alerts);
        }
        Alert alert = Assert.Single(_alerts);
        Assert.Equal(("a", 2L, deadline - EventTime.PerSecond), (alert.Stream, alert.Events, alert.LastEventTicks));
        Assert.Equal(new Forecaster(Small.Model)
            .LogSurvival(shard.Find("a"u8)!.State, EventTime.SecondsBetween(alert.LastEventTicks, alert.AtTicks)), alert.LogSurvival, 1e-9);
    }

    [Fact]
    public void RaiseAlerts_WhenTheStreamMayBeGone_RaisesByTheSurvivalGivenThatAnEventComes()
    {
        ForecastModel model = ForecastModel.Untrained(Small.Model.Config with { Censored = true }, seed: 1);
        using var shard = new Shard(0, new ServingModel(model), s_rule);
        Advance(shard, [("a", Now, "view")]);
        float[] state = shard.Find("a"u8)!.State;
        long deadline = Now + (long)(new Forecaster(model).SilenceOf(state, s_rule.Survival) * EventTime.PerSecond);
        // The silence itself never becomes as unlikely as the alert wants it: the stream may be gone.
        Assert.InRange(new Forecaster(model).Forecast(state, 1e9).Survival, 10 * s_rule.Survival, 1);

        shard.RaiseAlerts(deadline - s_rule.Tick.Ticks, true, _alerts);
        Assert.Empty(_alerts);
        shard.RaiseAlerts(deadline + s_rule.Tick.Ticks, true, _alerts);
        Assert.InRange(Assert.Single(_alerts).LogSurvival, Math.Log(s_rule.Survival) - 0.1, Math.Log(s_rule.Survival));
    }

    [Fact]
    public void RaiseAlerts_WhenRecordsWait_GoesByTheTimeOfTheLastThatWasApplied()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [("a", Now, "view")]);
        long deadline = Deadline(shard, "a");

        shard.RaiseAlerts(deadline + EventTime.PerSecond, caughtUp: false, _alerts);
        Assert.Empty(_alerts);
        Advance(shard, [("b", deadline + EventTime.PerSecond, "view")], deadline + EventTime.PerSecond);
        shard.RaiseAlerts(deadline + 2 * EventTime.PerSecond, caughtUp: false, _alerts);
        Assert.Equal(("a", deadline + EventTime.PerSecond), (Assert.Single(_alerts).Stream, _alerts[0].AtTicks));
    }

    [Fact]
    public void RaiseAlerts_WhenTheEventsAreOld_RaisesNothing()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [.. Enumerable.Range(0, 2000).Select(i => ($"s{i % 100}", Now - (100 - i / 100) * TimeSpan.TicksPerDay, "view"))]);

        for (long at = Now; at < Now + 2 * TimeSpan.TicksPerHour; at += TimeSpan.TicksPerMinute)
        {
            shard.RaiseAlerts(at, true, _alerts);
        }
        Assert.Empty(_alerts);
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(61, false)]
    public void RaiseAlerts_WhenTheHostWasAway_RaisesWhatIsStillNews(int minutesLate, bool raised)
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [("a", Now, "view")]);
        using ShardCommit commit = shard.TakeCommit()!;
        long deadline = Deadline(shard, "a");

        using Shard next = Restored(commit);
        next.RaiseAlerts(deadline + minutesLate * TimeSpan.TicksPerMinute, true, _alerts);
        Assert.Equal(raised ? ["a"] : [], _alerts.Select(a => a.Stream));
    }

    [Fact]
    public void RaiseAlerts_WhenRowsWereRestored_RaisesAtTheSameDeadlines()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [.. Enumerable.Range(0, 3000).Select(i => ($"s{i}", Now + i * EventTime.PerSecond / 7, "view"))]);
        using ShardCommit commit = shard.TakeCommit()!;
        using Shard next = Restored(commit);
        long[] deadlines = [.. Enumerable.Range(0, 3000).Select(i => Deadline(shard, $"s{i}")).Order()];
        long middle = deadlines[1500] + 2 * s_rule.Tick.Ticks;
        var again = new List<Alert>();

        shard.RaiseAlerts(middle, true, _alerts);
        next.RaiseAlerts(middle, true, again);
        Assert.InRange(_alerts.Count, 1500, 1600);
        Assert.Equal(_alerts.Select(a => a.Stream).Order(), again.Select(a => a.Stream).Order());
        next.RaiseAlerts(deadlines[^1] + s_rule.Tick.Ticks, true, again);
        Assert.Equal(3000, again.Select(a => a.Stream).Distinct().Count());
        Assert.Equal(3000, again.Count);
    }

    [Fact]
    public void RaiseAlerts_WhenTheClockIsSetBack_StillKnowsEveryDeadline()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [("a", Now, "view")]);
        long deadline = Deadline(shard, "a");
        shard.RaiseAlerts(deadline - s_rule.Tick.Ticks, true, _alerts);
        shard.RaiseAlerts(Now, true, _alerts);
        Advance(shard, [("b", Now, "view")]);
        Assert.Empty(_alerts);
        shard.RaiseAlerts(deadline + s_rule.Tick.Ticks, true, _alerts);
        Assert.Equal(["a", "b"], _alerts.Select(a => a.Stream).Order());
    }

    [Fact]
    public void RaiseAlerts_WhenTheShardIsFenced_RaisesNothingMore()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        Advance(shard, [("a", Now, "view")]);
        long deadline = Deadline(shard, "a");
        shard.Fence("another owner");
        Assert.Throws<PlatformUnavailableException>(() => shard.RaiseAlerts(deadline + EventTime.PerSecond, true, _alerts));
        Assert.Empty(_alerts);
    }

    [Fact]
    public void Advance_WhenAlertsAreWatched_ChangesNoState()
    {
        List<(string, long, string)> events = Small.Workload(2000, 50, Now);
        using var plain = new Shard(0, Small.Serving);
        using var watched = new Shard(0, Small.Serving, s_rule);
        _sequence = 0;
        Advance(plain, events);
        _sequence = 0;
        Advance(watched, events);
        for (int row = 0; row < plain.Counts().Streams; row++)
        {
            Assert.Equal(plain.Find(plain.KeyOf(row))!.Digest(Small.Model), watched.Find(plain.KeyOf(row))!.Digest(Small.Model));
        }
    }

    [Fact]
    public void Advance_WhenAlertsAreWatchedAndNobodyListens_AllocatesNothingPerEvent()
    {
        using var shard = new Shard(0, Small.Serving, s_rule);
        const int events = 4000;
        Assert.Equal(0, Allocations.Least(0, round =>
        {
            RecordBatch batch = Records([.. Enumerable.Range(events * round, events).Select(i => ($"s{i % 500}", Now + i, "view"))]);
            return () => shard.Advance(batch);
        }));
    }

    private static long Deadline(Shard shard, string stream)
    {
        StreamSnapshot snapshot = shard.Find(Encoding.UTF8.GetBytes(stream))!;
        return snapshot.LastEventTicks
            + (long)(new Forecaster(Small.Model).Forecast(snapshot.State, 0).Quantile(1 - s_rule.Survival) * EventTime.PerSecond);
    }

    private static Shard Restored(ShardCommit commit)
    {
        var shard = new Shard(0, Small.Serving, s_rule);
        shard.Restore(commit.Header);
        for (int i = 0; i < commit.PageCount; i++)
        {
            shard.RestorePage(commit.Page(i).Bytes.ToArray());
        }
        return shard;
    }

    private void Advance(Shard shard, List<(string Stream, long Ticks, string Mark)> events, long appendTicks = Now) =>
        shard.Advance(Records(events, appendTicks));

    private RecordBatch Records(List<(string Stream, long Ticks, string Mark)> events, long appendTicks = Now)
    {
        var batch = new RecordBatch();
        batch.Clear(_sequence + 1);
        foreach ((string stream, long ticks, string mark) in events)
        {
            batch.Add(EventSets.Batch((stream, ticks, mark))[0], appendTicks);
        }
        _sequence += events.Count;
        return batch;
    }
}
