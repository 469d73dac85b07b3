using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Stores.Contract;

/// <summary>Retention: old records go, whole segments at a time, and nobody reads on as if they had never been.</summary>
public abstract partial class EventLogContract
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 4)]
    [InlineData(5, 4)]
    [InlineData(6, 4)]
    [InlineData(100, 4)]
    public async Task Trim_WhenRecordsMayGo_RemovesWholeSegmentsUpToThereAndNeverTheLast(long upTo, long trimmed)
    {
        await using (IEventLog log = await OpenTwosAsync(3))
        {
            Assert.False(await log.TrimAsync(0, upTo, EventTime.Max, default));
            Assert.Equal(trimmed, log.Trimmed(0));
        }
        await using IEventLog reopened = await OpenAsync(1);
        Assert.Equal((trimmed, 6), (reopened.Trimmed(0), reopened.End(0).Sequence));
        Assert.Equal(Enumerable.Range(1, 6).Select(i => (long)i).Where(i => i > trimmed),
            (await reopened.ReadAllAsync(0, after: trimmed)).Select(r => r.Sequence));
        if (trimmed > 0)
        {
            var e = Assert.Throws<LogTrimmedException>(() => reopened.OpenReader(0, trimmed - 1));
            Assert.Contains($"Record {trimmed} of partition 0", e.Message);
        }
        Assert.Equal("0-7", (await reopened.AppendAsync(EventSets.Batch(("a", 9, "")))).Position.ToString());
        Assert.Equal(7, reopened.End(0).Events);
    }

    [Fact]
    public async Task Trim_WhenRecordsAreTooYoung_KeepsThem()
    {
        await using IEventLog log = await OpenTwosAsync(3);
        long first = (await log.ReadAllAsync(0))[0].AppendTicks;
        await log.TrimAsync(0, 100, first, default);
        Assert.Equal(0, log.Trimmed(0));
        await log.TrimAsync(0, 100, first + 1, default);
        Assert.Equal(2, log.Trimmed(0));
        // What is gone stays gone, and a lower number changes nothing.
        await log.TrimAsync(0, 1, EventTime.Max, default);
        Assert.Equal(2, log.Trimmed(0));
    }

    [Fact]
    public async Task Trim_WhenThereAreOtherPartitions_LeavesThemAsTheyAre()
    {
        await using IEventLog log = await OpenAsync();
        for (int i = 0; i < 3; i++)
        {
            await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, 40).Select(s => ($"s{s}", (long)i, ""))]));
        }
        List<EventSets.Read>[] before = await Task.WhenAll(Enumerable.Range(0, 4).Select(p => log.ReadAllAsync(p)));
        await log.TrimAsync(2, log.End(2).Sequence, EventTime.Max, default);
        Assert.Equal(log.End(2).Sequence * 2 / 3, log.Trimmed(2));
        foreach (int p in new[] { 0, 1, 3 })
        {
            Assert.Equal(0, log.Trimmed(p));
            Assert.Equal(before[p], await log.ReadAllAsync(p));
        }
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.TrimAsync(4, 1, EventTime.Max, default));
    }

    [Fact]
    public async Task Read_WhenTheReaderIsBehindATrim_SaysSoInsteadOfLeavingAGap()
    {
        await using IEventLog log = await OpenTwosAsync(3);
        await using ILogReader reader = log.OpenReader(0, 1);
        await log.TrimAsync(0, 4, EventTime.Max, default);
        for (int i = 0; i < 2; i++)
        {
            var e = await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(new RecordBatch(), 10, default).AsTask());
            Assert.IsType<LogTrimmedException>(e.InnerException);
            Assert.Contains("Record 2 of partition 0 is not in the log any more: it was trimmed up to record 4", e.Message);
        }
    }

    [Fact]
    public async Task Trim_WhenThereIsMuch_RemovesAPieceAtATime()
    {
        await using IEventLog log = await OpenAsync(1);
        for (int i = 0; i < 5; i++)
        {
            var batch = new EventBatch();
            for (int e = 0; e < 12_000; e++)
            {
                EventSets.Add(batch, "a", i, id: new string('x', 200));
            }
            await log.AppendAsync(batch);
        }
        for (int piece = 1; piece < 4; piece++)
        {
            Assert.True(await log.TrimAsync(0, 60_000, EventTime.Max, default));
            Assert.Equal(12_000 * piece, log.Trimmed(0));
        }
        Assert.False(await log.TrimAsync(0, 60_000, EventTime.Max, default));
        Assert.Equal(48_000, log.Trimmed(0));
    }

    [Fact]
    public async Task Trim_WhenAppendsGoOn_LosesNoneOfThem()
    {
        await using IEventLog log = await OpenAsync(2);
        using var stop = new CancellationTokenSource();
        Task trimming = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await log.TrimAsync(0, log.End(0).Sequence - 10, EventTime.Max, default);
            }
        });
        int[] appended = await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            int records = 0;
            for (int i = 0; i < 50; i++)
            {
                EventBatch batch = EventSets.Batch([.. Enumerable.Range(0, 5).Select(s => ($"s{s}", (long)i, ""))]);
                records += (await log.AppendAsync(batch)).Accepted;
            }
            return records;
        })));
        await stop.CancelAsync();
        await trimming;
        Assert.Equal(1000, appended.Sum());
        Assert.Equal(1000, log.End(0).Sequence + log.End(1).Sequence);
        Assert.Equal(1000, log.End(0).Events + log.End(1).Events);
        Assert.InRange(log.Trimmed(0), 1, log.End(0).Sequence - 10);
        Assert.Equal(log.End(0).Sequence - log.Trimmed(0), (await log.ReadAllAsync(0, after: log.Trimmed(0))).Count);
    }

    [Fact]
    public async Task Append_WhenAKeyRepeatsWhoseRecordsWereTrimmed_AnswersAsTheFirstTime()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync(1);
        AppendReceipt first = await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("once"));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        await log.TrimAsync(0, 1, EventTime.Max, default);
        AppendReceipt again = await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("once"));
        Assert.Equal((true, first.Position.ToString()), (again.Replayed, again.Position.ToString()));
        Assert.Equal(2, log.End(0).Sequence);
        // A token of then is a position that was reached.
        await log.CheckAsync(first.Position, default);
    }

    [Fact]
    public async Task Trim_WhenTwoProcessesDoItAtOnce_IsDoneOnceAndKnownToBoth()
    {
        Needs(LogCapabilities.SharedByProcesses);
        await using IEventLog one = await OpenTwosAsync(40), two = await OpenAsync(1);
        await Task.WhenAll(new[] { one, two }.SelectMany(log => Enumerable.Range(0, 20)
            .Select(i => Task.Run(() => log.TrimAsync(0, 4 * i, EventTime.Max, default)))));
        await one.TrimAsync(0, 76, EventTime.Max, default);
        await two.RefreshAsync(default);
        Assert.Equal((76, 76), (one.Trimmed(0), two.Trimmed(0)));
        Assert.Equal([77, 78, 79, 80], (await two.ReadAllAsync(0, after: 76)).Select(r => r.Sequence));
        Assert.Throws<LogTrimmedException>(() => two.OpenReader(0, 75));
    }

    /// <summary>A log of one partition with some appends of two events, a minute apart.</summary>
    private async Task<IEventLog> OpenTwosAsync(int appends)
    {
        IEventLog log = await OpenAsync(1);
        for (int i = 0; i < appends; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, ""), ("b", i, "")));
            Time.Advance(TimeSpan.FromMinutes(1));
        }
        return log;
    }
}
