using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Forecasting;
using Foretell.Support;

namespace Foretell.Engine.Tests.Shards;

/// <summary>Shards of a model that reads values and tells kinds of streams apart.</summary>
public sealed class ValueShardTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    /// <summary>Laws 1 and 2: rows and scores are those of one record after the other, however many a slice and a batch have.</summary>
    [Theory]
    [InlineData(1, 256)]
    [InlineData(7, 256)]
    [InlineData(3000, 16)]
    [InlineData(3000, 4096)]
    public void Advance_WhenEventsHaveValuesAndLabels_EqualsThePlainReference(int batch, int slice)
    {
        EventBatch records = Small.ValuedWorkload(3000, 40, Now);
        Reference reference = Reference.Replay([[.. EventSets.ReadAll(Records(records, 0, records.Count))]], Small.Valued);
        using var shard = new Shard(0, new ServingModel(Small.Valued, new RoundedDevice(Small.Valued) { SliceRecords = slice }));
        for (int from = 0; from < records.Count; from += batch)
        {
            shard.Advance(Records(records, from, Math.Min(records.Count, from + batch)));
        }

        Assert.Equal(reference.Streams.ToDictionary(s => s, reference.Digest), Digests(shard));
        (int _, ShardTotals totals, ScoreTotals scores) = shard.Counts();
        Assert.Equal((reference.Applied, reference.UnknownMarks), (totals.Applied, totals.UnknownMarks));
        Assert.Equal(reference.DeadLetters.Select(l => (l.Sequence, l.Reason)),
            shard.UncommittedDeadLetters().Select(l => (l.Sequence, l.Reason)));
        Assert.Equal(reference.Scored.Time, scores.Time, 1e-6 * Math.Abs(scores.Time));
        Assert.Equal(reference.Scored.Mark, scores.Mark, 1e-6 * Math.Abs(scores.Mark));
        Assert.Equal(reference.Scored.Value, scores.Value, 1e-6 * Math.Abs(scores.Value));
        Assert.Equal((reference.Labels.Count, reference.Labels.Hits), (scores.Labels.Count, scores.Labels.Hits));
        Assert.Equal(reference.Labels.Log, scores.Labels.Log, 1e-9 * Math.Abs(scores.Labels.Log));
        // All of it is there to be compared.
        Assert.InRange(scores.Labels.Count, 50, 300);
        Assert.InRange(scores.Labels.Hits, 1, scores.Labels.Count - 1);
        Assert.Contains(reference.DeadLetters, l => l.Reason == "label");
        Assert.NotEqual(0, scores.BaselineValue);
    }

    [Fact]
    public void Advance_WhenAValueIsUnknownToTheModel_LeavesItOut()
    {
        string known = Digest(("amount", 12.5), ("temp", 21)), without = Digest(("temp", 21)), none = Digest();

        Assert.Equal(known, Digest(("amount", 12.5), ("pulse", 80), ("temp", 21)));
        Assert.Equal(known, Digest(("temp", 21), ("amount", 12.5)));
        Assert.Equal(without, Digest(("Amount", 12.5), ("temp", 21)));
        Assert.Equal(none, Digest(("pulse", 80)));
        Assert.Equal(3, new[] { known, without, none }.Distinct().Count());

        // Two events, of which the second one has the values: the first one's score is no forecast's.
        static string Digest(params (string, double)[] values)
        {
            var batch = new EventBatch();
            EventSets.Add(batch, "a", Now, "view", values: ("amount", 10));
            EventSets.Add(batch, "a", Now + EventTime.PerSecond, "buy", values: values);
            using var shard = new Shard(0, Small.ServingValued);
            shard.Advance(Records(batch, 0, 2));
            return shard.Find("a"u8)!.Digest(Small.Valued);
        }
    }

    [Fact]
    public void Advance_WhereTheModelReadsNoValues_TakesEventsAsWithoutAny()
    {
        EventBatch with = new(), without = new();
        foreach (EventBatch batch in (EventBatch[])[with, without])
        {
            EventSets.Add(batch, "a", Now, "view", values: batch == with ? [("amount", 10)] : []);
            EventSets.Add(batch, "a", Now + EventTime.PerSecond, "buy", values: batch == with ? [("amount", 12), ("temp", 3)] : []);
        }
        using Shard valued = new(0, Small.Serving), plain = new(0, Small.Serving);
        valued.Advance(Records(with, 0, 2));
        plain.Advance(Records(without, 0, 2));

        Assert.Equal(plain.Find("a"u8)!.State, valued.Find("a"u8)!.State);
        Assert.Equal(plain.Counts(), valued.Counts());
        Assert.Equal(0, valued.Counts().Scores.Value);
    }

    /// <summary>What a label is scored by is the state behind the stream's events before it: not the slice's first one, nor its
    /// last.</summary>
    [Fact]
    public void Advance_WhenLabelsComeBetweenEventsOfOneSlice_ScoresEachByWhatCameBefore()
    {
        var batch = new EventBatch();
        (string Kind, int Behind)[] labels = [("bot", 1), ("human", 3), ("bot", 3), ("human", 4)];
        var chances = new List<double>();
        using (var one = new Shard(0, Small.ServingValued))
        {
            for (int i = 1; i <= 5; i++)
            {
                EventSets.Add(batch, "a", Now + i * EventTime.PerSecond, i % 2 == 0 ? "view" : "buy", values: ("amount", Math.Pow(10, i - 2)));
                EventSets.Add(batch, "b", Now, "login", values: ("amount", i));
                one.Advance(Records(batch, batch.Count - 2, batch.Count, first: one.Position + 1));
                foreach ((string kind, int _) in labels.Where(l => l.Behind == i))
                {
                    EventSets.AddLabel(batch, "a", Now, kind);
                    chances.Add(ChanceOf(one, "a", kind));
                }
            }
        }
        Assert.Equal(4, chances.Distinct().Count());

        using var shard = new Shard(0, Small.ServingValued);
        shard.Advance(Records(batch, 0, batch.Count));

        LabelTotals scored = shard.Counts().Scores.Labels;
        Assert.Equal((4, chances.Count(p => p > 0.5)), (scored.Count, scored.Hits));
        Assert.Equal(chances.Sum(Math.Log), scored.Log, 1e-12);
        Assert.Equal(14, shard.Counts().Totals.Applied);
        Assert.Equal((5, 5), (shard.Find("a"u8)!.Events, shard.Find("b"u8)!.Events));
    }

    [Fact]
    public void Advance_WhenALabelsStreamHasHadNoEvent_MakesItADeadLetter()
    {
        var batch = new EventBatch();
        EventSets.AddLabel(batch, "a", Now, "bot", "early");
        EventSets.Add(batch, "a", Now, "view");
        EventSets.AddLabel(batch, "a", Now, "bot", "late");
        EventSets.AddLabel(batch, "b", Now, "human", "other");
        // An event that was not applied is none.
        EventSets.Add(batch, "c", Now + TimeSpan.TicksPerDay, "view");
        EventSets.AddLabel(batch, "c", Now, "human", "future");
        using var shard = new Shard(4, Small.ServingValued);
        shard.Advance(Records(batch, 0, batch.Count));

        DeadLetter[] letters = shard.UncommittedDeadLetters();
        Assert.Equal([(1L, "label", "early"), (4L, "label", "other"), (5L, "future", null), (6L, "label", "future")],
            letters.Select(l => (l.Sequence, l.Reason, l.Id)));
        Assert.Equal((4, "a", "bot", Now), (letters[0].Partition, letters[0].Stream, letters[0].Mark, letters[0].TimeTicks));
        Assert.Equal("The label's stream has had no event that was applied, so there is nothing that it says the kind of; send the stream's "
            + "events first.", letters[0].Detail);
        Assert.Equal((2, 4), (shard.Counts().Totals.Applied, shard.Counts().Totals.DeadLetters));
        Assert.Equal(1, shard.Counts().Scores.Labels.Count);
        Assert.Equal(1, shard.Counts().Streams);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Advance_WhenTheModelDoesNotKnowALabel_CountsItAsAppliedAndScoresNothing(bool tellsOthers)
    {
        var batch = new EventBatch();
        EventSets.Add(batch, "a", Now, "view");
        EventSets.AddLabel(batch, "a", Now, "alien");
        using var shard = new Shard(0, tellsOthers ? Small.ServingValued : Small.Serving);
        shard.Advance(Records(batch, 0, 2));

        Assert.Equal(new ShardTotals(2, 0, 0), shard.Counts().Totals);
        Assert.Equal(default, shard.Counts().Scores.Labels);
        Assert.Empty(shard.UncommittedDeadLetters());
    }

    [Fact]
    public void Advance_WhenALabelComes_ChangesNoRowAndIsCommitted()
    {
        var batch = new EventBatch();
        EventSets.Add(batch, "a", Now, "view", values: ("amount", 3));
        EventSets.AddLabel(batch, "a", Now - TimeSpan.TicksPerDay, "bot");
        using var shard = new Shard(0, Small.ServingValued);
        shard.Advance(Records(batch, 0, 1));
        using (ShardCommit first = shard.TakeCommit()!)
        {
            shard.CommitSucceeded(first);
        }
        string before = shard.Find("a"u8)!.Digest(Small.Valued);
        shard.Advance(Records(batch, 1, 2));

        Assert.Equal((before, 1), (shard.Find("a"u8)!.Digest(Small.Valued), shard.Find("a"u8)!.Events));
        using ShardCommit commit = shard.TakeCommit()!;
        Assert.Equal((2, 0, new ShardTotals(2, 0, 0)), (commit.Header.Position, commit.PageCount, commit.Header.Totals));
    }

    /// <summary>Laws 2 and 5: whoever takes over replays from the commit, and has what the first owner has.</summary>
    [Fact]
    public void Restore_WhenOwnersChangeAnywhere_MakesTheSameRows()
    {
        EventBatch records = Small.ValuedWorkload(600, 40, Now);
        using var whole = new Shard(0, Small.ServingValued);
        whole.Advance(Records(records, 0, records.Count));
        foreach (int cut in (int[])[1, 17, 255, 256, 257, 400, 599])
        {
            using var owner = new Shard(0, Small.ServingValued);
            owner.Advance(Records(records, 0, cut));
            using ShardCommit commit = owner.TakeCommit()!;
            using var next = new Shard(0, Small.ServingValued);
            next.Restore(commit.Header);
            for (int page = 0; page < commit.PageCount; page++)
            {
                next.RestorePage(commit.Page(page).Bytes.ToArray());
            }
            next.CheckRestored(commit.Header);
            // Records that both have seen come again.
            next.Advance(Records(records, Math.Max(0, cut - 40), records.Count));
            Assert.Equal(Digests(whole), Digests(next));
            Assert.Equal(whole.Counts().Totals, next.Counts().Totals);
        }
    }

    [Fact]
    public void Advance_WhenStreamsAreKnown_AllocatesNothingPerEvent()
    {
        using var shard = new Shard(0, Small.ServingValued);
        const int events = 4000;
        Assert.Equal(0, Allocations.Least(0, round =>
        {
            var batch = new EventBatch();
            for (int i = 0; i < events; i++)
            {
                EventSets.Add(batch, $"s{i % 500}", Now + (round * events) + i, "view", values: [("amount", i), ("pulse", 70), ("temp", 20)]);
            }
            RecordBatch records = Records(batch, 0, events, first: (round * events) + 1);
            return () => shard.Advance(records);
        }));
    }

    private static double ChanceOf(Shard shard, string stream, string kind)
    {
        Forecast forecast = Small.ServingValued.Forecaster.Forecast(shard.Find(Encoding.UTF8.GetBytes(stream))!.State, 0);
        return forecast.Labels().Single(l => l.Label == kind).Probability;
    }

    private static Dictionary<string, string> Digests(Shard shard) => Enumerable.Range(0, shard.Counts().Streams)
        .Select(row => shard.Find(shard.KeyOf(row))!).ToDictionary(s => s.Stream, s => s.Digest(Small.Valued));

    /// <summary>Some of the records, as the log would have them all.</summary>
    private static RecordBatch Records(EventBatch batch, int from, int to, long? first = null)
    {
        var records = new RecordBatch();
        records.Clear(first ?? from + 1);
        for (int i = from; i < to; i++)
        {
            records.Add(batch[i], Now);
        }
        return records;
    }
}
