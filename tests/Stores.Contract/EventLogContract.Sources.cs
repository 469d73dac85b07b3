using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Stores.Contract;

// What a log keeps of the brokers that are read into it.
public abstract partial class EventLogContract
{
    private static readonly SourcePartition s_source = new("events", "3");

    [Fact]
    public async Task TakeSource_WhenTakenAgain_GivesTheNextEpochAndWhereToGoOn()
    {
        Needs(LogCapabilities.Sources);
        await using (IEventLog log = await OpenAsync())
        {
            Assert.Empty(await log.ReadSourceAsync("events", default));
            Assert.Equal(SourceState.New with { Epoch = 1 }, await log.TakeSourceAsync(s_source, default));
            Assert.Equal(SourceState.New with { Epoch = 2 }, await log.TakeSourceAsync(s_source, default));
            AppendReceipt receipt = await log.AppendSourceAsync(
                EventSets.Batch(("a", 1, ""), ("b", 2, "")), new SourceAdvance(s_source, 2, null, 41, "made in May"), default);
            Assert.Equal(2, receipt.Accepted);
        }
        await using IEventLog reopened = await OpenAsync();
        Assert.Equal(new SourceState(3, 41, "made in May"), await reopened.TakeSourceAsync(s_source, default));
        Assert.Equal(SourceState.New with { Epoch = 1 }, await reopened.TakeSourceAsync(new("events", "4"), default));
        Assert.Equal(SourceState.New with { Epoch = 1 }, await reopened.TakeSourceAsync(new("other", "3"), default));

        IReadOnlyDictionary<string, SourceState> states = await reopened.ReadSourceAsync("events", default);
        Assert.Equal(new SourceState(3, 41, "made in May"), states["3"]);
        Assert.Equal(["3", "4"], states.Keys.Order());
    }

    [Fact]
    public async Task AppendSource_WhenAnotherReaderTookOver_AppendsNothing()
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync();
        long stale = (await log.TakeSourceAsync(s_source, default)).Epoch;
        await log.AppendSourceAsync(EventSets.Batch(("a", 1, "")), new SourceAdvance(s_source, stale, null, 0, "i"), default);
        long owner = (await log.TakeSourceAsync(s_source, default)).Epoch;

        SourceTakenException e = await Assert.ThrowsAsync<SourceTakenException>(() =>
            log.AppendSourceAsync(EventSets.Batch(("a", 2, "")), new SourceAdvance(s_source, stale, 0, 1, "i"), default));

        Assert.Contains("events/3", e.Message);
        await log.AppendSourceAsync(EventSets.Batch(("a", 3, "")), new SourceAdvance(s_source, owner, 0, 1, "i"), default);
        Assert.Equal([1, 3], (await log.ReadAllAsync(EventSets.PartitionOf("a", 4))).Select(r => r.TimeTicks));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4L)]
    [InlineData(6L)]
    public async Task AppendSource_WhenItDoesNotGoOnWhereTheLogEnds_AppendsNothing(long? after)
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync();
        await log.TakeSourceAsync(s_source, default);
        await log.AppendSourceAsync(EventSets.Batch(("a", 1, "")), new SourceAdvance(s_source, 1, null, 5, ""), default);

        await Assert.ThrowsAsync<SourceTakenException>(() =>
            log.AppendSourceAsync(EventSets.Batch(("a", 2, "")), new SourceAdvance(s_source, 1, after, 9, ""), default));

        Assert.Equal(new SourceState(1, 5, ""), (await log.ReadSourceAsync("events", default))["3"]);
        Assert.Single(await log.ReadAllAsync(EventSets.PartitionOf("a", 4)));
    }

    [Fact]
    public async Task AppendSource_WhenThereIsNothingToAppend_StillGoesOn()
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync();
        await log.TakeSourceAsync(s_source, default);

        AppendReceipt receipt = await log.AppendSourceAsync(new EventBatch(), new SourceAdvance(s_source, 1, null, 100, "i"), default);

        Assert.Equal((0, Position.None.ToString()), (receipt.Accepted, receipt.Position.ToString()));
        Assert.Equal(100, (await log.ReadSourceAsync("events", default))["3"].Number);
    }

    [Fact]
    public async Task AppendSource_WhenAMessageIsUnreadable_KeepsItWithItsReason()
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync(1);
        await log.TakeSourceAsync(s_source, default);
        var batch = new EventBatch();
        EventSets.Add(batch, "a", 1);
        batch.AddUnreadable(s_source.ToString(), 77, "No JSON.", 12);

        await log.AppendSourceAsync(batch, new SourceAdvance(s_source, 1, null, 12, ""), default);

        Assert.Equal(new EventSets.Read(2, Time.NowTicks, LogRecordKind.Unreadable, 77, "events/3", "No JSON.", "12"),
            (await log.ReadAllAsync(0))[1]);
        // It counts as an event: one that will not be applied.
        Assert.Equal(2, log.End(0).Events);
    }

    [Fact]
    public async Task AppendSource_WhenTheWriteFails_LeavesNeitherEventsNorPosition()
    {
        Needs(LogCapabilities.Sources | LogCapabilities.FailingWrites);
        await using IEventLog log = await OpenAsync(1);
        await log.TakeSourceAsync(s_source, default);
        BreakWrites();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() =>
            log.AppendSourceAsync(EventSets.Batch(("a", 1, "")), new SourceAdvance(s_source, 1, null, 0, ""), default));
        MendWrites();

        Assert.Equal(SourceState.New with { Epoch = 2 }, await log.TakeSourceAsync(s_source, default));
        Assert.Empty(await log.ReadAllAsync(0));
    }

    [Fact]
    public async Task TakeSource_WhenManyTakeItAtOnce_GivesEachAnEpochOfItsOwn()
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync();
        await using IEventLog? other = Capabilities.HasFlag(LogCapabilities.SharedByProcesses) ? await OpenAsync() : null;

        SourceState[] taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            Task.Run(() => (i % 2 == 0 ? log : other ?? log).TakeSourceAsync(s_source, default))));

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), taken.Select(t => t.Epoch).Order());
    }

    [Fact]
    public async Task AppendSource_WhenTwoReadersRace_AppendsEveryMessageOnce()
    {
        Needs(LogCapabilities.Sources);
        await using IEventLog log = await OpenAsync();
        await using IEventLog? other = Capabilities.HasFlag(LogCapabilities.SharedByProcesses) ? await OpenAsync() : null;
        const int Messages = 60;

        // Each goes on where the log ends, until the other one takes over.
        async Task ReadAsync(IEventLog own)
        {
            while (true)
            {
                SourceState state = await own.TakeSourceAsync(s_source, default);
                try
                {
                    for (long next = (state.Number ?? -1) + 1; next < Messages; next++)
                    {
                        await own.AppendSourceAsync(EventSets.Batch(($"s{next % 7}", next, "")),
                            new SourceAdvance(s_source, state.Epoch, next == 0 ? null : next - 1, next, ""), default);
                    }
                    return;
                }
                catch (SourceTakenException)
                {
                }
            }
        }
        await Task.WhenAll(Task.Run(() => ReadAsync(log)), Task.Run(() => ReadAsync(other ?? log)));

        await log.RefreshAsync(default);
        List<long> times = [];
        for (int p = 0; p < 4; p++)
        {
            times.AddRange((await log.ReadAllAsync(p)).Select(r => r.TimeTicks));
        }
        Assert.Equal(Enumerable.Range(0, Messages).Select(i => (long)i), times.Order());
    }
}
