using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Numerics;
using Foretell.Support;

namespace Foretell.Engine.Tests.Shards;

/// <summary>Shards whose streams share what they show together (docs/models.md, "What streams show together").</summary>
public sealed class SharedShardTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;
    private const int Seed = 34, Batch = 500;

    private static readonly ServingModel s_sharing = new(Small.Model, shares: true);

    [Fact]
    public void Advance_WhereStreamsShare_MakesTheSameRowsAndOtherForecasts()
    {
        List<(string, long, string)> events = Fast(4000);
        using Shard alone = new(0, Small.Serving), sharing = new(0, s_sharing);
        AdvanceAndCommit(alone, events);
        AdvanceAndCommit(sharing, events);

        Assert.Equal(Digests(alone), Digests(sharing));
        Assert.Equal(alone.Counts().Totals, sharing.Counts().Totals);
        Assert.True(sharing.Counts().Scores.Time > alone.Counts().Scores.Time, "what all streams show should help each of them");

        // A stream of one event has shown nothing: all that its forecast differs by is what the others showed.
        Append(alone, [("new", Now, "buy")]);
        Append(sharing, [("new", Now, "buy")]);
        StreamSnapshot own = alone.Find("new"u8)!, both = sharing.Find("new"u8)!;
        Assert.Same(own.State, own.Served);
        Assert.Equal(own.State, both.State);
        double asTrained = Small.Serving.Forecaster.Forecast(own.Served, 0).Quantile(0.5);
        double shared = s_sharing.Forecaster.Forecast(both.Served, 0).Quantile(0.5);
        Assert.InRange(shared, 0.05 * asTrained, 0.7 * asTrained);
        double buys = Small.Serving.Forecaster.Forecast(own.Served, 0).Marks().Single(m => m.Mark == "buy").Probability;
        Assert.True(s_sharing.Forecaster.Forecast(both.Served, 0).Marks().Single(m => m.Mark == "buy").Probability > buys);
    }

    /// <summary>Whoever takes over replays from the commit with what was given out then: the same scores, the same forecasts.</summary>
    [Fact]
    public void Restore_WhereStreamsShare_GoesOnAsTheFirstOwnerDid()
    {
        List<(string, long, string)> events = Fast(3000);
        using Shard owner = new(0, s_sharing), next = new(0, s_sharing);
        AdvanceAndCommit(owner, events[..2000]);
        Append(owner, events[2000..2100]);
        using ShardCommit commit = owner.TakeCommit()!;
        Restore(next, commit, commit.Header);
        ScoreTotals before = owner.Counts().Scores;
        foreach (Shard shard in (Shard[])[owner, next])
        {
            shard.Advance(Records(events[2100..], first: 2101));
        }

        Assert.Equal(Digests(owner), Digests(next));
        Assert.Equal(owner.Counts().Scores.Time - before.Time, next.Counts().Scores.Time, 1e-6);
        for (int row = 0; row < owner.Counts().Streams; row++)
        {
            Assert.Equal(owner.Find(owner.KeyOf(row))!.Served, next.Find(next.KeyOf(row))!.Served);
        }
        using ShardCommit first = owner.TakeCommit()!, second = next.TakeCommit()!;
        Assert.Equal(first.Header.Population, second.Header.Population);
        Assert.NotNull(first.Header.Population);
    }

    [Fact]
    public void Forecasts_WhereverTheyAreMade_HaveWhatIsShared()
    {
        using Shard sharing = new(0, s_sharing);
        AdvanceAndCommit(sharing, Fast(3000));
        Append(sharing, [("new", Now, "buy")]);
        StreamSnapshot found = sharing.Find("new"u8)!;

        Assert.NotEqual(found.State, found.Served);
        Assert.Equal(found.Served, sharing.Current("new")!.State);
        var scan = new OverdueScan(s_sharing.Forecaster, new OverdueQuestion(Now + 3600 * EventTime.PerSecond, 1) { Prefix = "new" });
        scan.Scan(sharing, default);
        Assert.Equal(s_sharing.Forecaster.LogSurvival(found.Served, 3600), Assert.Single(scan.Result()).LogSurvival, 1e-9);
    }

    /// <summary>An alert is raised by the forecast that is shown: a new stream of fast ones owes its next event sooner.</summary>
    [Fact]
    public void RaiseAlerts_WhereStreamsShare_JudgesByWhatIsShared()
    {
        var rule = new AlertRule();
        using Shard alone = new(0, Small.Serving, rule), sharing = new(0, s_sharing, rule);
        List<(string, long, string)> events = Fast(3000);
        foreach (Shard shard in (Shard[])[alone, sharing])
        {
            AdvanceAndCommit(shard, events);
            Append(shard, [("new", Now, "buy")]);
        }
        float[] state = alone.Find("new"u8)!.State, served = sharing.Find("new"u8)!.Served;
        double later = Small.Serving.Forecaster.SilenceOf(state, rule.Survival);
        double sooner = s_sharing.Forecaster.SilenceOf(served, rule.Survival);
        Assert.True(sooner < 0.8 * later, $"{sooner} s, and by itself {later} s");
        long between = Now + (long)((sooner + later) / 2 * EventTime.PerSecond);

        List<Alert> none = [], raised = [];
        alone.RaiseAlerts(between, caughtUp: true, none);
        sharing.RaiseAlerts(between, caughtUp: true, raised);

        Assert.DoesNotContain(none, alert => alert.Stream == "new");
        Assert.Contains(raised, alert => alert.Stream == "new");
    }

    [Fact]
    public void Restore_WhenWhatStreamsShowIsDamaged_SaysSo()
    {
        using Shard owner = new(0, s_sharing), next = new(0, s_sharing), alone = new(0, Small.Serving);
        Append(owner, Fast(1000));
        using ShardCommit commit = owner.TakeCommit()!;
        string text = commit.Header.Population!, other = (text[3] == 'A' ? 'B' : 'A') + text[4..];

        string message = Assert.Throws<InvalidDataException>(
            () => Restore(next, commit, commit.Header with { Population = text[..3] + other })).Message;

        Assert.Contains("what its streams show together fails its checksum", message);
        // A host whose streams share nothing does not need it, and one that begins to share begins anew.
        Restore(alone, commit, commit.Header with { Population = text[..3] + other });
        Restore(next, commit, commit.Header with { Population = null });
        Assert.Equal(Digests(owner), Digests(alone));
        Assert.Equal(Digests(owner), Digests(next));
    }

    [Fact]
    public void Create_WhenTheModelDoesNotAdapt_Refuses()
    {
        var serving = new ServingModel(Small.Model.WithAdaptation(false), shares: true);
        Assert.Contains("streams can share only what adaptation tells", Assert.Throws<ArgumentException>(() => new Shard(0, serving)).Message);
    }

    /// <summary>Events of 100 streams that are all some twenty times faster than the model says, and buy far more often.</summary>
    private static List<(string, long, string)> Fast(int events)
    {
        var random = new RandomStream(Seed);
        long[] at = [.. Enumerable.Repeat(Now - TimeSpan.FromDays(1).Ticks, 100)];
        return [.. Enumerable.Range(0, events).Select(i =>
        {
            int stream = random.NextInt(at.Length);
            at[stream] += (long)(3 * Math.Exp(0.5 * random.NextNormal()) * EventTime.PerSecond);
            return ($"s{stream}", at[stream], random.NextDouble() < 0.8 ? "buy" : "view");
        })];
    }

    private static void AdvanceAndCommit(Shard shard, List<(string, long, string)> events)
    {
        for (int first = 0; first < events.Count; first += Batch)
        {
            Append(shard, events[first..Math.Min(first + Batch, events.Count)]);
            using ShardCommit commit = shard.TakeCommit()!;
            shard.CommitSucceeded(commit);
        }
    }

    private static void Append(Shard shard, List<(string, long, string)> events) => shard.Advance(Records(events, shard.Position + 1));

    private static RecordBatch Records(List<(string Stream, long Ticks, string Mark)> events, long first)
    {
        var batch = new RecordBatch();
        batch.Clear(first);
        foreach ((string stream, long ticks, string mark) in events)
        {
            batch.Add(EventSets.Batch((stream, ticks, mark))[0], Now);
        }
        return batch;
    }

    private static Dictionary<string, string> Digests(Shard shard) => Enumerable.Range(0, shard.Counts().Streams)
        .Select(row => shard.Find(shard.KeyOf(row))!)
        .ToDictionary(found => found.Stream, found => found.Digest(Small.Model));

    private static void Restore(Shard shard, ShardCommit commit, ShardHeader header)
    {
        shard.Restore(header);
        for (int i = 0; i < commit.PageCount; i++)
        {
            shard.RestorePage(commit.Page(i).Bytes.ToArray());
        }
    }
}
