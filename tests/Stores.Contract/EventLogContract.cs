using System.Diagnostics;
using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Stores.Contract;

/// <summary>What every log must do. A log's own test class inherits these tests.</summary>
public abstract partial class EventLogContract : IAsyncLifetime
{
    protected TemporaryFolder Directory { get; } = new();

    protected TestTime Time { get; } = new();

    /// <summary>What the log of this class can do; all that one process needs, unless it says otherwise.</summary>
    protected virtual LogCapabilities Capabilities => LogCapabilities.All & ~LogCapabilities.SharedByProcesses;

    /// <summary>Skips the test at work, by name, where the log does not claim to do what it is about.</summary>
    protected void Needs(LogCapabilities capability) =>
        Assert.SkipUnless(Capabilities.HasFlag(capability), $"{GetType().Name}: this log does not claim {capability}.");

    /// <summary>Opens the log of this test, anew after it was disposed.</summary>
    protected abstract Task<IEventLog> OpenAsync(int? partitions = 4);

    /// <summary>Makes every write of the open log fail, as a broken disk would.</summary>
    protected abstract void BreakWrites();

    /// <summary>Ends <see cref="BreakWrites"/>.</summary>
    protected abstract void MendWrites();

    /// <summary>Keeps every write of the open log waiting until the result is disposed, as a disk that stands still would.</summary>
    protected abstract IDisposable HoldWrites();

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        Directory.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Append_WhenLogIsNew_KeepsEveryFieldAndNumbersFromOne()
    {
        await using IEventLog log = await OpenAsync(1);
        var batch = new EventBatch();
        EventSets.Add(batch, "ключ", -5, "mark é", "id-1");
        EventSets.Add(batch, "b", EventTime.Max);
        EventSets.Add(batch, "b", 7, "paid", "", ("amount", 12.25), ("temp", -71));
        Assert.Null(batch.TryAddLabel("b"u8, 8, "churned"u8, "id-2"u8));
        AppendReceipt receipt = await log.AppendAsync(batch);

        Assert.Equal((4, "0-4", false), (receipt.Accepted, receipt.Position.ToString(), receipt.Replayed));
        Assert.Equal(
            [
                new(1, Time.NowTicks, LogRecordKind.Event, -5, "ключ", "mark é", "id-1"),
                new(2, Time.NowTicks, LogRecordKind.Event, EventTime.Max, "b", "", ""),
                new(3, Time.NowTicks, LogRecordKind.Event, 7, "b", "paid", "") { Values = "amount=12.25 temp=-71" },
                new(4, Time.NowTicks, LogRecordKind.Label, 8, "b", "churned", "id-2"),
            ], await log.ReadAllAsync(0));
        Assert.Equal(new LogEnd(4, 4, Time.NowTicks), log.End(0));
    }

    [Fact]
    public async Task Append_WhenBatchSpansPartitions_PutsEachKeyWhereItsHashSays()
    {
        await using IEventLog log = await OpenAsync();
        EventBatch batch = EventSets.Batch([.. Enumerable.Range(0, 200).Select(i => ($"s{i % 40}", (long)i, ""))]);
        AppendReceipt receipt = await log.AppendAsync(batch);

        for (int p = 0; p < 4; p++)
        {
            List<EventSets.Read> records = await log.ReadAllAsync(p);
            Assert.Equal(Enumerable.Range(0, 200).Where(i => EventSets.PartitionOf($"s{i % 40}", 4) == p).Select(i => (long)i),
                records.Select(r => r.TimeTicks));
            Assert.Contains((p, (long)records.Count), receipt.Position.Parts);
        }
    }

    [Fact]
    public async Task Append_WhenItIsSampled_KeepsItsTraceBesideItsRecords()
    {
        Needs(LogCapabilities.Traces);
        using var recorder = new TraceRecorder();
        ActivitySpanId span;
        await using (IEventLog log = await OpenAsync(1))
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("a", 2, "")));
            using (Activity request = recorder.Begin())
            {
                span = request.SpanId;
                await log.AppendAsync(EventSets.Batch(("a", 3, ""), ("b", 4, ""), ("a", 5, "")));
            }
            using (recorder.Begin(sampled: false))
            {
                await log.AppendAsync(EventSets.Batch(("a", 6, "")));
            }
        }
        var parent = new ActivityContext(recorder.TraceId, span, ActivityTraceFlags.Recorded, isRemote: true);
        await using IEventLog reopened = await OpenAsync(1);
        await using ILogReader reader = reopened.OpenReader(0, 0), late = reopened.OpenReader(0, 3);
        var batch = new RecordBatch();

        // Batches that cut the append in two each bring their part of it.
        foreach (RecordTrace[] expected in (RecordTrace[][])[[], [new(3, 4, parent)], [new(5, 5, parent)]])
        {
            Assert.Equal(2, await reader.ReadAsync(batch, 2, default));
            Assert.Equal(expected, batch.Traces.All);
        }
        Assert.Equal(3, await late.ReadAsync(batch, 10, default));
        Assert.Equal([new RecordTrace(4, 5, parent)], batch.Traces.All);
    }

    [Fact]
    public async Task Append_WhenManyCallersAppendAtOnce_LosesNothingAndLeavesNoGap()
    {
        await using IEventLog log = await OpenAsync();
        const int Callers = 8, Appends = 40, PerAppend = 5;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (int a = 0; a < Appends; a++)
            {
                EventBatch batch =
                    EventSets.Batch([.. Enumerable.Range(0, PerAppend).Select(i => ($"s{i}", (long)(a * PerAppend + i), $"c{caller}"))]);
                AppendReceipt receipt = await log.AppendAsync(batch);
                // Acknowledged means visible: the log ends at or behind what the receipt says.
                Assert.All(receipt.Position.Parts, part => Assert.True(log.End(part.Partition).Sequence >= part.Sequence));
            }
        })));

        int total = 0;
        for (int p = 0; p < 4; p++)
        {
            List<EventSets.Read> records = await log.ReadAllAsync(p, maximum: 33);
            Assert.Equal(Enumerable.Range(1, records.Count).Select(i => (long)i), records.Select(r => r.Sequence));
            foreach (IGrouping<string, EventSets.Read> caller in records.GroupBy(r => r.Mark))
            {
                Assert.Equal(caller.Select(r => r.TimeTicks).Order(), caller.Select(r => r.TimeTicks));
            }
            total += records.Count;
        }
        Assert.Equal(Callers * Appends * PerAppend, total);
    }

    [Fact]
    public async Task Append_WhenBatchIsReusedBeforeTheAnswer_StillWritesWhatItHeld()
    {
        await using IEventLog log = await OpenAsync(1);
        EventBatch batch = EventSets.Batch(("first", 1, ""));
        Task<AppendReceipt> pending = log.AppendAsync(batch);
        batch.Clear();
        EventSets.Add(batch, "other", 2);
        await pending;
        Assert.Equal(["first"], (await log.ReadAllAsync(0)).Select(r => r.Key));
    }

    [Fact]
    public async Task Append_WhenBatchIsEmpty_ChangesNothing()
    {
        await using IEventLog log = await OpenAsync(1);
        AppendReceipt receipt = await log.AppendAsync(new EventBatch());
        Assert.Equal((0, ""), (receipt.Accepted, receipt.Position.ToString()));
        Assert.Equal(0, log.End(0).Sequence);
    }

    [Fact]
    public async Task Append_WhenClockGoesBack_KeepsAppendTimesInOrder()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        long first = Time.NowTicks;
        Time.AdjustTime(Time.GetUtcNow() - TimeSpan.FromHours(1));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        Time.Advance(TimeSpan.FromHours(2));
        await log.AppendAsync(EventSets.Batch(("a", 3, "")));
        Assert.Equal([first, first, Time.NowTicks], (await log.ReadAllAsync(0)).Select(r => r.AppendTicks));
    }

    [Fact]
    public async Task Append_WhenLogIsReopenedAndClockWentBack_ContinuesSequenceAndTime()
    {
        await using (IEventLog log = await OpenAsync())
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("b", 2, ""), ("a", 3, "")));
        }
        long first = Time.NowTicks;
        Time.AdjustTime(Time.GetUtcNow() - TimeSpan.FromDays(1));
        await using IEventLog again = await OpenAsync(null);
        Assert.Equal(4, again.PartitionCount);
        await again.AppendAsync(EventSets.Batch(("a", 4, "")));
        List<EventSets.Read> records = await again.ReadAllAsync(EventSets.PartitionOf("a", 4));
        Assert.Equal([1, 3, 4], records.Where(r => r.Key == "a").Select(r => r.TimeTicks));
        Assert.Equal(Enumerable.Range(1, records.Count).Select(i => (long)i), records.Select(r => r.Sequence));
        Assert.All(records, r => Assert.Equal(first, r.AppendTicks));
    }

    [Fact]
    public async Task Read_WhenOnePartitionHoldsEverything_LeavesTheOthersEmpty()
    {
        await using IEventLog log = await OpenAsync();
        int full = EventSets.PartitionOf("hot", 4);
        for (int i = 0; i < 10; i++)
        {
            await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, 500).Select(j => ("hot", (long)(i * 500 + j), ""))]));
        }
        foreach (int maximum in new[] { 1, 7, 499, 501, 100_000 })
        {
            List<EventSets.Read> records = await log.ReadAllAsync(full, maximum);
            Assert.Equal(Enumerable.Range(0, 5000).Select(i => (long)i), records.Select(r => r.TimeTicks));
        }
        for (int p = 0; p < 4; p++)
        {
            Assert.Equal(p == full ? 5000 : 0, (await log.ReadAllAsync(p)).Count);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Read_WhenReaderBeginsInsideTheLog_StartsRightBehind(long after)
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(1, 5).Select(i => ("a", (long)i, ""))]));
        await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(6, 5).Select(i => ("a", (long)i, ""))]));
        List<EventSets.Read> records = await log.ReadAllAsync(0, 2, after);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i).Where(i => i > after), records.Select(r => r.Sequence));
        Assert.All(records, r => Assert.Equal(r.Sequence, r.TimeTicks));
    }

    [Fact]
    public async Task OpenReader_WhenItBeginsInsideAnAppend_GoesOnThroughTheNextOnes()
    {
        await using IEventLog log = await OpenAsync(1);
        long first = Time.NowTicks;
        await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("b", 2, "mark"), ("c", 3, "")));
        Time.Advance(TimeSpan.FromSeconds(1));
        long second = Time.NowTicks;
        await log.AppendAsync(EventSets.Batch(("d", 4, "")));
        await using ILogReader reader = log.OpenReader(0, after: 1);
        var batch = new RecordBatch();
        Assert.Equal(3, await reader.ReadAsync(batch, 100, default));
        Assert.Equal([first, first, second], Enumerable.Range(0, 3).Select(batch.AppendTicks));

        Time.Advance(TimeSpan.FromSeconds(1));
        await log.AppendAsync(EventSets.Batch(("e", 5, ""), ("f", 6, "")));

        await reader.WaitAsync(default);
        Assert.Equal(2, await reader.ReadAsync(batch, 100, default));
        Assert.Equal((5, 5, "e"), (batch.FirstSequence, batch[0].TimeTicks, Encoding.UTF8.GetString(batch[0].Key)));
        Assert.Equal([Time.NowTicks, Time.NowTicks], Enumerable.Range(0, 2).Select(batch.AppendTicks));
    }

    [Fact]
    public async Task OpenReader_WhenLogEndsBeforeOrPartitionIsMissing_IsRefused()
    {
        await using IEventLog log = await OpenAsync(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.OpenReader(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.OpenReader(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.OpenReader(0, -1));
    }

    [Fact]
    public async Task Wait_WhenARecordComes_CompletesAndTheReaderHasIt()
    {
        await using IEventLog log = await OpenAsync(1);
        await using ILogReader reader = log.OpenReader(0, 0);
        var batch = new RecordBatch();
        Assert.Equal(0, await reader.ReadAsync(batch, 10, CancellationToken.None));
        Task waiting = reader.WaitAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await waiting;
        Assert.Equal(1, await reader.ReadAsync(batch, 10, CancellationToken.None));
        Assert.False(reader.WaitAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Wait_WhenCancelled_Ends()
    {
        await using IEventLog log = await OpenAsync(1);
        await using ILogReader reader = log.OpenReader(0, 0);
        using var cancelled = new CancellationTokenSource();
        Task waiting = reader.WaitAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Append_WhenWritesFail_SaysUnavailableAndWorksAgainAfterwards()
    {
        Needs(LogCapabilities.FailingWrites);
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        BreakWrites();
        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<PlatformUnavailableException>(() =>
                log.AppendAsync(EventSets.Batch(("a", 2, "")), EventSets.Key("k")));
            Assert.NotNull(log.Problem);
            Assert.Equal(1, log.End(0).Sequence);
            Assert.Single(await log.ReadAllAsync(0));
        }
        MendWrites();
        AppendReceipt receipt = await log.AppendAsync(EventSets.Batch(("a", 3, "")), EventSets.Key("k"));
        Assert.Equal((1, false, "0-2"), (receipt.Accepted, receipt.Replayed, receipt.Position.ToString()));
        Assert.Null(log.Problem);
        Assert.Equal([1, 3], (await log.ReadAllAsync(0)).Select(r => r.TimeTicks));
    }

    [Fact]
    public async Task Append_WhenCallersGoWhileTheDiskStandsStill_WritesNoneOfThoseThatStillWait()
    {
        Needs(LogCapabilities.FailingWrites);
        // Of a group's size, 8 MiB at most, are with the writer when the callers go; all others wait, and are dropped.
        const int Abandoned = 30, Group = 9;
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        EventBatch mebibyte = EventSets.Batch([.. Enumerable.Range(0, 4096).Select(i => ("abandoned", (long)i, new string('m', 240)))]);
        using (HoldWrites())
        {
            using var gone = new CancellationTokenSource();
            Task<AppendReceipt>[] abandoned = [.. Enumerable.Range(0, Abandoned).Select(_ => log.AppendAsync(mebibyte, null, gone.Token))];
            await gone.CancelAsync();
            foreach (Task<AppendReceipt> append in abandoned)
            {
                await Assert.ThrowsAnyAsync<Exception>(() => append);
            }
        }
        // The last one is behind all of them. The writer may have given up on one group and taken another meanwhile.
        await log.AppendAsync(EventSets.Batch(("b", 2, "")));
        Assert.InRange((await log.ReadAllAsync(0)).Count(r => r.Key == "abandoned"), 0, 2 * Group * 4096);
    }

    [Fact]
    public async Task Append_WhenMoreWaitsThanTheQueueTakes_IsRefusedAndTheOthersAreWritten()
    {
        Needs(LogCapabilities.FailingWrites);
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 0, "")));
        EventBatch mebibytes = EventSets.Batch([.. Enumerable.Range(0, 16 * 1024).Select(i => ("a", 1 + (long)i, new string('m', 240)))]);
        List<Task<AppendReceipt>> taken = [];
        using (HoldWrites())
        {
            var e = Assert.Throws<PlatformOverloadedException>(() =>
            {
                for (int i = 0; i < 100; i++)
                {
                    taken.Add(log.AppendAsync(mebibytes));
                }
            });
            Assert.Contains("MiB", e.Message);
        }
        Assert.InRange(taken.Count, 4, 32);
        int answered = 0;
        foreach (Task<AppendReceipt> append in taken)
        {
            await append.ContinueWith(t => answered += t.IsCompletedSuccessfully ? 1 : 0, TaskScheduler.Default);
        }
        Assert.InRange(answered, 1, taken.Count);
        // What was refused is not in the log; what was answered is, and what failed may be.
        Assert.InRange((log.End(0).Sequence - 1) / mebibytes.Count, answered, taken.Count);
    }

    [Fact]
    public async Task Problem_WhenNobodyWritesAfterAFailure_GoesAwaySoThatSomebodyTries()
    {
        Needs(LogCapabilities.FailingWrites);
        await using IEventLog log = await OpenAsync(1);
        BreakWrites();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 1, ""))));
        Time.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(log.Problem);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(log.Problem);
        MendWrites();
    }

    [Fact]
    public async Task Append_WhenLogIsClosed_SaysUnavailable()
    {
        IEventLog log = await OpenAsync(1);
        await log.DisposeAsync();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 1, ""))));
    }

    [Fact]
    public async Task Append_WhenKeyRepeats_AnswersAsTheFirstTimeAndAppendsNothing()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync();
        AppendReceipt first = await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("b", 2, "")), EventSets.Key("k", payload: "rejections"));
        await log.AppendAsync(EventSets.Batch(("a", 9, "")));
        AppendReceipt second = await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("b", 2, "")), EventSets.Key("k", payload: "other"));
        Assert.False(first.Replayed);
        Assert.True(second.Replayed);
        Assert.Equal((2, first.Position.ToString()), (second.Accepted, second.Position.ToString()));
        Assert.Equal("rejections", Encoding.UTF8.GetString(first.Payload.Span));
        Assert.Equal("rejections", Encoding.UTF8.GetString(second.Payload.Span));
        Assert.Equal(3, Enumerable.Range(0, 4).Sum(p => log.End(p).Sequence));
    }

    [Fact]
    public async Task Append_WhenKeyRepeatsAfterReopening_AppendsNothing()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using (IEventLog log = await OpenAsync())
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k"));
        }
        await using IEventLog again = await OpenAsync();
        Assert.True((await again.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k"))).Replayed);
        Assert.Equal(1, Enumerable.Range(0, 4).Sum(p => again.End(p).Sequence));
    }

    [Fact]
    public async Task Append_WhenKeyComesWithAnotherFingerprint_ThrowsConflict()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k"));
        await Assert.ThrowsAsync<IdempotencyConflictException>(() =>
            log.AppendAsync(EventSets.Batch(("a", 2, "")), EventSets.Key("k", fingerprint: 2)));
        Assert.Equal(1, log.End(0).Sequence);
    }

    [Fact]
    public async Task Append_WhenTheSameKeyComesManyTimesAtOnce_AppendsOnce()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync(1);
        AppendReceipt[] receipts =
            await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(_ => Task.Run(() => log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k")))));
        Assert.Single(receipts, r => !r.Replayed);
        Assert.All(receipts, r => Assert.Equal("0-1", r.Position.ToString()));
        Assert.Equal(1, log.End(0).Sequence);
    }

    [Fact]
    public async Task Append_WhenKeyIsADayOld_IsANewRequest()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k"));
        Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.True((await log.AppendAsync(EventSets.Batch(("a", 1, "")), EventSets.Key("k"))).Replayed);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False((await log.AppendAsync(EventSets.Batch(("b", 2, "")), EventSets.Key("k", fingerprint: 2))).Replayed);
        Assert.Equal(2, log.End(0).Sequence);
    }

    [Fact]
    public async Task Append_WhenKeyComesWithNoEvents_IsRememberedToo()
    {
        Needs(LogCapabilities.IdempotencyKeys);
        await using IEventLog log = await OpenAsync(1);
        Assert.False((await log.AppendAsync(new EventBatch(), EventSets.Key("k", payload: "all rejected"))).Replayed);
        AppendReceipt again = await log.AppendAsync(new EventBatch(), EventSets.Key("k"));
        Assert.True(again.Replayed);
        Assert.Equal("all rejected", Encoding.UTF8.GetString(again.Payload.Span));
    }

    [Fact]
    public async Task Append_WhenTextsHoldOddCharacters_KeepsThemApart()
    {
        await using IEventLog log = await OpenAsync(1);
        string[] odd = ["a\0", "a\0b", "a", "\ud83d\ude00", "\u202e", "'\"\\"];
        foreach (string text in odd)
        {
            var batch = new EventBatch();
            EventSets.Add(batch, text, 1, text, text);
            Assert.False((await log.AppendAsync(batch, EventSets.Key(text, payload: text))).Replayed);
        }
        Assert.Equal(odd, (await log.ReadAllAsync(0)).Select(r => r.Key));
        foreach (string text in odd)
        {
            AppendReceipt again = await log.AppendAsync(new EventBatch(), EventSets.Key(text));
            Assert.Equal((true, text), (again.Replayed, Encoding.UTF8.GetString(again.Payload.Span)));
        }
    }

    [Fact]
    public async Task AppendControl_WhenValueIsNew_ReachesEveryPartitionOnce()
    {
        Needs(LogCapabilities.ControlRecords);
        await using IEventLog log = await OpenAsync();
        Assert.Null(await log.FindControlAsync("policy", CancellationToken.None));
        Assert.True(await log.AppendControlAsync("policy", "one", CancellationToken.None));
        Assert.False(await log.AppendControlAsync("policy", "one", CancellationToken.None));
        Assert.True(await log.AppendControlAsync("policy", "two", CancellationToken.None));
        Assert.True(await log.AppendControlAsync("policy", "one", CancellationToken.None));
        Assert.Equal("one", await log.FindControlAsync("policy", CancellationToken.None));
        for (int p = 0; p < 4; p++)
        {
            Assert.Equal(new LogEnd(3, 0, Time.NowTicks), log.End(p));
            Assert.All(await log.ReadAllAsync(p), r => Assert.Equal((LogRecordKind.Control, "policy"), (r.Kind, r.Key)));
            Assert.Equal(["one", "two", "one"], (await log.ReadAllAsync(p)).Select(r => r.Mark));
        }
    }

    [Fact]
    public async Task Refresh_WhenAnotherProcessHasAppended_ShowsItsEnd()
    {
        Needs(LogCapabilities.SharedByProcesses);
        await using IEventLog writer = await OpenAsync(), other = await OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            AppendReceipt receipt = await writer.AppendAsync(EventSets.Batch(("a", i, ""), ("b", i, "")));
            await other.RefreshAsync(default);
            Assert.All(receipt.Position.Parts, part => Assert.Equal(part.Sequence, other.End(part.Partition).Sequence));
        }
    }

    [Fact]
    public async Task Append_WhenTheSameKeysComeFromManyProcessesAtOnce_AppendsEachOnce()
    {
        Needs(LogCapabilities.SharedByProcesses);
        IEventLog[] logs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        AppendReceipt[][] receipts = await Task.WhenAll(Enumerable.Range(0, 50).Select(k => Task.WhenAll(logs.Select(log =>
            Task.Run(() =>
                log.AppendAsync(k % 5 == 0 ? new EventBatch()
                : EventSets.Batch(($"s{k}", k, "")), EventSets.Key($"key {k}", payload: $"{k}")))))));
        Assert.All(receipts, group =>
        {
            Assert.Single(group, r => !r.Replayed);
            Assert.Single(group.Select(r => (r.Accepted, r.Position.ToString())).Distinct());
        });
        await logs[0].RefreshAsync(default);
        Assert.Equal(40, Enumerable.Range(0, 4).Sum(p => logs[0].End(p).Sequence));

        // Different bodies under one key, with no partition in common: one wins, the other hears of it.
        Exception?[] rivals = await Task.WhenAll(logs.Select((log, i) => Task.Run(() =>
            Record.ExceptionAsync(() => log.AppendAsync(EventSets.Batch(($"rival {i}", i, "")), EventSets.Key("contested", (byte)i)))
                .AsTask())));
        Assert.Single(rivals, e => e is null);
        Assert.Equal(3, rivals.Count(e => e is IdempotencyConflictException));
        await Task.WhenAll(logs.Select(log => log.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task AppendControl_WhenTwoProcessesSayTheSame_AppendsItOnce()
    {
        Needs(LogCapabilities.SharedByProcesses);
        await using IEventLog one = await OpenAsync(), two = await OpenAsync();
        bool[] appended =
            await Task.WhenAll(new[] { one, two }.Select(log => Task.Run(() => log.AppendControlAsync("model", "m", default))));
        Assert.Single(appended, a => a);
        await one.RefreshAsync(default);
        Assert.All(Enumerable.Range(0, 4), p => Assert.Equal(1, one.End(p).Sequence));
    }

    [Fact]
    public async Task Read_WhenBuffersHaveGrown_AllocatesNothingPerRecord()
    {
        await using IEventLog log = await OpenAsync(1);
        const int Records = 20_000;
        await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, Records).Select(i => ($"stream-{i}", (long)i, "mark"))]));
        await log.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, Records).Select(i => ($"stream-{i}", (long)i, "mark"))]));
        await using ILogReader reader = log.OpenReader(0, 0);
        var batch = new RecordBatch();
        for (int read = 0; read < Records; read += batch.Count)
        {
            await reader.ReadAsync(batch, 1000, CancellationToken.None);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int read = 0; read < Records; read += batch.Count)
        {
            await reader.ReadAsync(batch, 1000, CancellationToken.None);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Records);
    }
}
