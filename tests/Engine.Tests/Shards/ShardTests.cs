using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Forecasting;
using Foretell.Models.Stepping;
using Foretell.Support;

namespace Foretell.Engine.Tests.Shards;

public class ShardTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    [Fact]
    public void Advance_WhenRecordsComeAgain_ChangesNothing()
    {
        using var shard = new Shard(0, Small.Serving);
        RecordBatch batch = Records(Small.Workload(1000, 40, Now));
        shard.Advance(batch);
        Dictionary<string, string> before = Digests(shard);
        (int, ShardTotals, ScoreTotals) counts = shard.Counts();
        int letters = shard.UncommittedDeadLetters().Length;

        shard.Advance(batch);
        Assert.Equal(before, Digests(shard));
        Assert.Equal(counts, shard.Counts());
        Assert.Equal(letters, shard.UncommittedDeadLetters().Length);
        Assert.Equal(1000, shard.Position);
        Assert.Equal(1000, counts.Item2.Applied + counts.Item2.DeadLetters);
    }

    [Fact]
    public void Advance_WhenBatchesOverlap_AppliesEachRecordOnce()
    {
        var events = Small.Workload(600, 20, Now);
        using var whole = new Shard(0, Small.Serving);
        using var pieces = new Shard(0, Small.Serving);
        whole.Advance(Records(events));
        pieces.Advance(Records(events[..400]));
        pieces.Advance(Records(events[100..300], first: 101));
        pieces.Advance(Records(events[250..], first: 251));
        Assert.Equal(Digests(whole), Digests(pieces));
        Assert.Equal(whole.Counts().Totals, pieces.Counts().Totals);
    }

    [Fact]
    public void Advance_WhenRecordsAreMissing_SaysWhichItNeeds()
    {
        using var shard = new Shard(3, Small.Serving);
        shard.Advance(Records([("a", Now, "view")]));
        var e = Assert.Throws<ArgumentException>(() => shard.Advance(Records([("a", Now, "view")], first: 3)));
        Assert.Contains("from record 2", e.Message);
        Assert.Equal(1, shard.Position);
    }

    [Fact]
    public void Advance_WhenARowIsAheadOfThePosition_SkipsWhatTheRowHolds()
    {
        var events = Small.Workload(500, 20, Now);
        using var owner = new Shard(0, Small.Serving);
        owner.Advance(Records(events));
        using ShardCommit commit = owner.TakeCommit()!;

        // Rows of record 500 with the position of record 200: what a spilled row looks like after a crash.
        using var next = new Shard(0, Small.Serving);
        Restore(next, commit, commit.Header with { Position = 200 });
        next.Advance(Records(events[200..], first: 201));
        Assert.Equal(Digests(owner), Digests(next));
    }

    [Fact]
    public void TakeCommit_WhenRestoredElsewhere_GivesTheSameShard()
    {
        var events = Small.Workload(900, 100, Now);
        using var owner = new Shard(0, Small.Serving);
        owner.Advance(Records(events[..500]));
        using ShardCommit commit = owner.TakeCommit()!;
        using var next = new Shard(0, Small.Serving);
        Restore(next, commit, commit.Header);
        Assert.Equal(Digests(owner), Digests(next));
        Assert.Null(next.TakeCommit());

        owner.Advance(Records(events[500..], first: 501));
        next.Advance(Records(events[500..], first: 501));
        Assert.Equal(Digests(owner), Digests(next));
        Assert.Equal(owner.Counts().Totals, next.Counts().Totals);
    }

    [Fact]
    public void TakeCommit_WhenOneStreamChanged_HoldsItsPageAlone()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([.. Enumerable.Range(0, 500).Select(i => ($"s{i}", Now, "view"))]));
        using ShardCommit all = shard.TakeCommit()!;
        shard.CommitSucceeded(all);
        Assert.Null(shard.TakeCommit());

        shard.Advance(Records([("s499", Now, "view")], first: 501));
        using ShardCommit one = shard.TakeCommit()!;
        Assert.Equal(499 / one.Header.RowsPerPage, Assert.Single(Pages(one)).Number);
    }

    [Fact]
    public void CommitFailed_WhenNextCommitComes_HoldsItsPagesAndDeadLettersAgain()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([("a", Now, "view"), ("a", Now - TimeSpan.TicksPerDay, "view")]));
        using ShardCommit lost = shard.TakeCommit()!;
        Assert.Equal((1, 1), (lost.PageCount, lost.DeadLetters.Count));
        shard.CommitFailed(lost);
        using ShardCommit again = shard.TakeCommit()!;
        Assert.Equal((1, 1), (again.PageCount, again.DeadLetters.Count));
        shard.CommitSucceeded(again);
        Assert.Empty(shard.UncommittedDeadLetters());
    }

    [Fact]
    public void Advance_WhenEventIsLateOrInTheFuture_FollowsThePolicyToTheTick()
    {
        using var shard = new Shard(0, Small.Serving);
        long late = TimeSpan.FromSeconds(5).Ticks, future = TimeSpan.FromHours(1).Ticks;
        shard.Advance(
            Records([("a", Now, ""), ("a", Now - late, ""), ("a", Now - late - 1, ""), ("b", Now + future, ""),
            ("c", Now + future + 1, "")]));

        StreamSnapshot a = shard.Find("a"u8)!;
        Assert.Equal((2, Now), (a.Events, a.LastEventTicks));
        Assert.Equal(Now + future, shard.Find("b"u8)!.LastEventTicks);
        Assert.Null(shard.Find("c"u8));
        Assert.Equal([(3L, "late"), (5L, "future")], shard.UncommittedDeadLetters().Select(l => (l.Sequence, l.Reason)));
        Assert.Contains("5.0000001 s before", shard.UncommittedDeadLetters()[0].Detail);
        Assert.Equal(2, shard.Counts().Streams);
    }

    [Fact]
    public void Advance_WhenOneEventComesFromAClockThatIsAhead_DoesNotMuteItsStream()
    {
        using Shard asOfNow = new(0, Small.Serving), asBefore = new(0, Small.Serving);
        foreach (Shard shard in new[] { asOfNow, asBefore })
        {
            EventTimePolicy policy = shard == asOfNow ? EventTimePolicy.OfNewLogs : EventTimePolicy.Default;
            var batch = new RecordBatch();
            batch.Clear(1);
            batch.Add(ControlRecord.Encode(ControlRecord.Policy, policy.ToString(), Now), Now);
            Add(batch, "a", Now - 60 * EventTime.PerSecond, "");
            Add(batch, "a", Now + 50 * 60 * EventTime.PerSecond, "");
            batch.Add(EventSets.Batch(("a", Now + 60 * EventTime.PerSecond, ""))[0], Now + 60 * EventTime.PerSecond);
            shard.Advance(batch);
        }

        StreamSnapshot a = asOfNow.Find("a"u8)!;
        Assert.Equal((3, Now + 60 * EventTime.PerSecond), (a.Events, a.LastEventTicks));
        Assert.Empty(asOfNow.UncommittedDeadLetters());
        // A log of an earlier release says nothing of it, and means what it meant.
        Assert.Equal((2, Now + 50 * 60 * EventTime.PerSecond), (asBefore.Find("a"u8)!.Events, asBefore.Find("a"u8)!.LastEventTicks));
        Assert.Equal("late", Assert.Single(asBefore.UncommittedDeadLetters()).Reason);
    }

    [Fact]
    public void Advance_WhenPolicyChangesInTheLog_HoldsFromThereOn()
    {
        using var shard = new Shard(0, Small.Serving);
        var batch = new RecordBatch();
        batch.Clear(1);
        Add(batch, "a", Now, "");
        Add(batch, "a", Now - 10 * EventTime.PerSecond, "");
        batch.Add(ControlRecord.Encode(ControlRecord.Policy, new EventTimePolicy(TimeSpan.FromSeconds(10), TimeSpan.Zero).ToString(),
            Now), Now);
        Add(batch, "a", Now - 10 * EventTime.PerSecond, "");
        Add(batch, "a", Now + 1, "");
        shard.Advance(batch);
        Assert.Equal([(2L, "late"), (5L, "future")], shard.UncommittedDeadLetters().Select(l => (l.Sequence, l.Reason)));
    }

    [Fact]
    public void Advance_WhenMoreStreamsBeginThanTheQuotaAllows_MakesThemDeadLettersAndServesTheOthers()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Quota(streams: 12, perMinute: 5));
        shard.Advance(NewStreams(first: 2, count: 8, minute: 0));
        Assert.Equal(5, shard.Counts().Streams);
        Assert.Null(shard.QuotaWarning);
        Assert.All(shard.UncommittedDeadLetters(), letter => Assert.Equal("quota", letter.Reason));
        Assert.Contains("in this minute", shard.UncommittedDeadLetters()[0].Detail);

        // The streams that are there go on, and a minute later others may begin.
        shard.Advance(NewStreams(first: 10, count: 10, minute: 1));
        shard.Advance(NewStreams(first: 20, count: 10, minute: 2));
        Assert.Equal(12, shard.Counts().Streams);
        Assert.Contains("12 of the 12 streams", shard.QuotaWarning!);
        Assert.Contains("12 streams that it may have", shard.UncommittedDeadLetters()[^1].Detail);
        Assert.Equal(28, shard.Counts().Totals.Applied + shard.Counts().Totals.DeadLetters);
        Assert.Equal(2, shard.Find("s2"u8)!.Events + shard.Find("s3"u8)!.Events);
    }

    /// <summary>Laws 2 and 5: wherever an owner ends, the next one decides the same of every stream.</summary>
    [Fact]
    public void Advance_WhenOwnersChangeAnywhere_TheQuotaLetsTheSameStreamsBegin()
    {
        RecordBatch[] batches = [.. Enumerable.Range(0, 20).Select(i => NewStreams(first: 2 + (3 * i), count: 3, minute: i / 5))];
        using var whole = new Shard(0, Small.Serving);
        whole.Advance(Quota(streams: 25, perMinute: 7));
        Array.ForEach(batches, batch => whole.Advance(batch));
        Assert.Equal(25, whole.Counts().Streams);

        for (int cut = 0; cut < batches.Length; cut++)
        {
            using var owner = new Shard(0, Small.Serving);
            owner.Advance(Quota(streams: 25, perMinute: 7));
            Array.ForEach(batches[..cut], batch => owner.Advance(batch));
            using ShardCommit commit = owner.TakeCommit()!;
            using var next = new Shard(0, Small.Serving);
            Restore(next, commit, commit.Header with { Policy = EventTimePolicy.Parse(commit.Header.Policy.ToString()) });
            Array.ForEach(batches[cut..], batch => next.Advance(batch));
            Assert.Equal(Digests(whole), Digests(next));
            Assert.Equal(whole.Counts().Totals, next.Counts().Totals);
        }
    }

    private static RecordBatch Quota(long streams, long perMinute)
    {
        var batch = new RecordBatch();
        batch.Clear(1);
        EventTimePolicy policy = EventTimePolicy.OfNewLogs with { Quota = new StreamQuota(streams, perMinute) };
        batch.Add(ControlRecord.Encode(ControlRecord.Policy, policy.ToString(), Now), Now);
        return batch;
    }

    /// <summary>Events of one new stream each, named for their sequence numbers.</summary>
    private static RecordBatch NewStreams(long first, int count, int minute)
    {
        var batch = new RecordBatch();
        batch.Clear(first);
        long time = Now + (minute * TimeSpan.TicksPerMinute);
        for (int i = 0; i < count; i++)
        {
            batch.Add(EventSets.Batch(($"s{first + i}", time, "view"))[0], time);
        }
        return batch;
    }

    [Theory]
    [InlineData("model", "another model")]
    [InlineData("policy", "no policy")]
    [InlineData("erase", "everything")]
    public void Advance_WhenAControlRecordCannotBeFollowed_StopsTheShard(string name, string value)
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([("a", Now, "")]));
        var batch = new RecordBatch();
        batch.Clear(2);
        Add(batch, "a", Now, "");
        batch.Add(ControlRecord.Encode(name, value, Now), Now);
        Assert.ThrowsAny<Exception>(() => shard.Advance(batch));
        Assert.NotNull(shard.Fenced);
        Assert.Throws<PlatformUnavailableException>(() => shard.Find("a"u8));
        Assert.Throws<PlatformUnavailableException>(() => shard.TakeCommit());
    }

    [Fact]
    public void Advance_WhenMarkIsUnknown_CountsIt()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([("a", Now, "view"), ("a", Now, "surprise"), ("b", Now, ""), ("b", Now, "buy")]));
        Assert.Equal(new ShardTotals(4, 0, 2), shard.Counts().Totals);
        Assert.Equal(2, shard.Counts().Scores.Events);
    }

    [Fact]
    public void StateBytes_WhenAStreamHasManyEvents_StaysAsAfterTen()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([.. Enumerable.Range(0, 10).Select(i => ("a", Now + i, "view"))]));
        (int bytes, int page) = Bytes(shard);
        var batch = new RecordBatch();
        for (int i = 10; i < 100_010; i += 1000)
        {
            batch.Clear(i + 1);
            for (int j = i; j < i + 1000; j++)
            {
                Add(batch, "a", Now + j, "view", appendTicks: Now + j);
            }
            shard.Advance(batch);
        }
        Assert.Equal((bytes, page), Bytes(shard));
        StreamSnapshot snapshot = shard.Find("a"u8)!;
        Assert.Equal(100_010, snapshot.Events);
        Assert.Equal(RowHeader.Bytes + 4 * Small.Model.StateFloats, snapshot.StateBytes);
        Assert.All(snapshot.State, value => Assert.True(float.IsFinite(value)));
        Assert.True(double.IsFinite(new Forecaster(Small.Model).LogSurvival(snapshot.State, 60)));

        static (int, int) Bytes(Shard shard)
        {
            using ShardCommit commit = shard.TakeCommit()!;
            shard.CommitSucceeded(commit);
            return (shard.Find("a"u8)!.StateBytes, Assert.Single(Pages(commit)).Bytes.Length);
        }
    }

    [Fact]
    public void Advance_WhenStreamsAreKnown_AllocatesNothingPerEvent()
    {
        using var shard = new Shard(0, Small.Serving);
        const int events = 4000;
        Assert.Equal(0, Allocations.Least(0, round =>
        {
            RecordBatch batch = Records(
                [.. Enumerable.Range(events * round, events).Select(i => ($"s{i % 500}", Now + i, "view"))], first: events * round + 1);
            return () => shard.Advance(batch);
        }));
    }

    [Fact]
    public async Task Find_WhenCalledWhileTheShardAdvances_SeesHeaderAndStateOfOneMoment()
    {
        var events = Enumerable.Range(0, 3000).Select(i => ("hot", Now + i * EventTime.PerSecond, i % 2 == 0 ? "view" : "buy")).ToList();
        var reference = new Reference(Small.Model);
        var expected = new Dictionary<long, string>();
        foreach ((string stream, long ticks, string mark) in events)
        {
            reference.Apply(0, new EventSets.Read(0, ticks, LogRecordKind.Event, ticks, stream, mark, ""), 0, 0);
            expected[reference.Count("hot")] = reference.Digest("hot");
        }
        using var shard = new Shard(0, Small.Serving);
        RecordBatch batch = Records(events, appendTicks: long.MaxValue / 2);
        // One event is there from the start, so that every look sees a state.
        shard.Advance(Records(events[..1], appendTicks: long.MaxValue / 2));
        Task advance = Task.Run(() => shard.Advance(batch));
        do
        {
            StreamSnapshot snapshot = shard.Find("hot"u8)!;
            Assert.Equal(expected[snapshot.Events], snapshot.Digest(Small.Model));
        }
        while (!advance.IsCompleted);
        await advance;
        Assert.Equal(expected[3000], shard.Find("hot"u8)!.Digest(Small.Model));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(500)]
    public void RestorePage_WhenAByteIsWrong_NamesThePage(int position)
    {
        using var owner = new Shard(0, Small.Serving);
        owner.Advance(Records([.. Enumerable.Range(0, 500).Select(i => ($"s{i}", Now, "view"))]));
        using ShardCommit commit = owner.TakeCommit()!;
        using var next = new Shard(0, Small.Serving);
        next.Restore(commit.Header);
        next.RestorePage(commit.Page(0).Bytes.ToArray());
        byte[] damaged = commit.Page(1).Bytes.ToArray();
        damaged[position] ^= 4;
        Assert.Contains("page 1", Assert.Throws<InvalidDataException>(() => next.RestorePage(damaged)).Message);
    }

    [Fact]
    public void Advance_WhenADeviceTakesLargeSlices_EndsThemWhereABusyStreamHasTooManyWaves()
    {
        List<(string, long, string)> events = [.. Enumerable.Range(0, 3000).Select(i => (i % 3 == 0 ? $"s{i}" : "busy", Now, "view"))];
        var slices = new CountedSlices();
        using var shard = new Shard(0, new ServingModel(Small.Model, new RoundedDevice(Small.Model) { SliceRecords = 4096 }), time: slices);
        using var one = new Shard(0, Small.Serving);

        shard.Advance(Records(events));
        events.ForEach(e => one.Advance(Records([e], first: one.Position + 1)));

        // 2,000 events of one stream are so many waves, of which a slice has at most 256.
        Assert.Equal((3000, 8), (shard.Position, slices.Count));
        Assert.Equal(one.Find("busy"u8)!.State, shard.Find("busy"u8)!.State);
        Assert.Equal(one.Counts().Totals, shard.Counts().Totals);
    }

    [Fact]
    public void Advance_WhenTheDeviceIsRetired_TakesSmallSlicesAgain()
    {
        var slices = new CountedSlices();
        var device = new RoundedDevice(Small.Model) { SliceRecords = 4096 };
        using var shard = new Shard(0, new ServingModel(Small.Model, device), time: slices);
        shard.Advance(Records([.. Enumerable.Range(0, 1000).Select(i => ($"s{i}", Now, "view"))]));
        Assert.Equal(1, slices.Count);

        device.SliceRecords = 256;
        shard.Advance(Records([.. Enumerable.Range(0, 1000).Select(i => ($"s{i}", Now, "view"))], first: 1001));

        Assert.Equal((2000, 5), (shard.Position, slices.Count));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void Constructor_WhenSlicesAreNoPowerOfTwo_Throws(int records) => Assert.Contains("a power of two", Assert.Throws<ArgumentException>(
        () => new Shard(0, new ServingModel(Small.Model, new RoundedDevice(Small.Model) { SliceRecords = records }))).Message);

    [Fact]
    public void Restore_WhenAnotherArithmeticMadeTheRows_SaysWhatToDo()
    {
        using var owner = new Shard(0, Small.Serving);
        owner.Advance(Records([("a", Now, "view")]));
        using ShardCommit commit = owner.TakeCommit()!;
        using var next = new Shard(0, new ServingModel(Small.Model, new RoundedDevice(Small.Model)));

        string message = Assert.Throws<InvalidDataException>(() => next.Restore(commit.Header)).Message;

        Assert.Contains("holds rows of the arithmetic exact, and this host steps with rounded", message);
        Assert.Contains("remove the store to rebuild it from the log", message);
    }

    [Fact]
    public void TakeCommit_WhenTheArithmeticIsNotExact_NamesItInAFormatThatOlderProgramsRefuse()
    {
        using var exact = new Shard(0, Small.Serving);
        using var rounded = new Shard(0, new ServingModel(Small.Model, new RoundedDevice(Small.Model)));
        exact.Advance(Records([("a", Now, "view")]));
        rounded.Advance(Records([("a", Now, "view")]));

        using ShardCommit plain = exact.TakeCommit()!, named = rounded.TakeCommit()!;

        Assert.Equal((1, StepArithmetic.Exact), (plain.Header.Format, plain.Header.Arithmetic));
        Assert.Equal((2, "rounded"), (named.Header.Format, named.Header.Arithmetic));
    }

    [Fact]
    public void Restore_WhenALaterReleaseWroteTheStore_SaysWhatToDo()
    {
        using var shard = new Shard(0, Small.Serving);
        var later = new ShardHeader
        {
            Format = ShardHeader.CurrentFormat + 1,
            Position = 1,
            Policy = EventTimePolicy.Default,
            ModelId = Small.Model.Id,
            RowsPerPage = 1,
            Rows = 0,
            Totals = default,
        };

        string message = Assert.Throws<InvalidDataException>(() => shard.Restore(later)).Message;

        Assert.Contains($"has format {ShardHeader.CurrentFormat + 1}", message);
        Assert.Contains("Go on with that release", message);
    }

    [Fact]
    public void RestorePage_WhenAPageIsMissing_NamesIt()
    {
        using var owner = new Shard(0, Small.Serving);
        owner.Advance(Records([.. Enumerable.Range(0, 500).Select(i => ($"s{i}", Now, "view"))]));
        using ShardCommit commit = owner.TakeCommit()!;
        using var next = new Shard(0, Small.Serving);
        next.Restore(commit.Header);
        Assert.Contains("page 0", Assert.Throws<InvalidDataException>(() => next.RestorePage(commit.Page(1).Bytes.ToArray())).Message);
    }

    [Fact]
    public void Restore_WhenRowsAreOfAnotherModel_NamesBoth()
    {
        using var shard = new Shard(0, Small.Serving);
        shard.Advance(Records([("a", Now, "")]));
        using ShardCommit commit = shard.TakeCommit()!;
        var e = Assert.Throws<InvalidDataException>(() => shard.Restore(commit.Header with { ModelId = "another" }));
        Assert.Contains("another", e.Message);
        Assert.Contains(Small.Model.Id, e.Message);
    }

    private static Dictionary<string, string> Digests(Shard shard)
    {
        var digests = new Dictionary<string, string>();
        for (int row = 0; row < shard.Counts().Streams; row++)
        {
            StreamSnapshot snapshot = shard.Find(shard.KeyOf(row))!;
            digests.Add(snapshot.Stream, snapshot.Digest(Small.Model));
        }
        return digests;
    }

    private static IEnumerable<(int Number, ReadOnlyMemory<byte> Bytes)> Pages(ShardCommit commit) =>
        Enumerable.Range(0, commit.PageCount).Select(commit.Page);

    private static void Restore(Shard shard, ShardCommit commit, ShardHeader header)
    {
        shard.Restore(header);
        foreach ((int _, ReadOnlyMemory<byte> page) in Pages(commit))
        {
            shard.RestorePage(page.ToArray());
        }
    }

    /// <summary>Counts slices: each is timed, by one look at the clock at either end.</summary>
    private sealed class CountedSlices : TimeProvider
    {
        private int _looks;

        public int Count => _looks / 2;

        public override long GetTimestamp()
        {
            _looks++;
            return base.GetTimestamp();
        }
    }

    private static RecordBatch Records(List<(string Stream, long Ticks, string Mark)> events, long first = 1, long appendTicks = Now)
    {
        var batch = new RecordBatch();
        batch.Clear(first);
        foreach ((string stream, long ticks, string mark) in events)
        {
            Add(batch, stream, ticks, mark, appendTicks);
        }
        return batch;
    }

    private static void Add(RecordBatch batch, string stream, long ticks, string mark, long appendTicks = Now) =>
        batch.Add(EventSets.Batch((stream, ticks, mark))[0], appendTicks);
}
