using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;
using Foretell.Models.Stepping;
using Foretell.Support;

namespace Foretell.Stores.Contract;

/// <summary>What every store must do. A store's own test class inherits these tests.</summary>
public abstract class StateStoreContract : IAsyncLifetime
{
    protected TemporaryFolder Directory { get; } = new();

    /// <summary>What the store of this class can do; everything, unless it says otherwise.</summary>
    protected virtual StoreCapabilities Capabilities => StoreCapabilities.All;

    /// <summary>Skips the test at work, by name, where the store does not claim to do what it is about.</summary>
    protected void Needs(StoreCapabilities capability) =>
        Assert.SkipUnless(Capabilities.HasFlag(capability), $"{GetType().Name}: this store does not claim {capability}.");

    /// <summary>Opens the store of this test; more than one may be open at a time.</summary>
    protected abstract IStateStore Open();

    /// <summary>Makes every commit to a partition fail half way, as a broken disk would.</summary>
    protected abstract void BreakWrites(int partition);

    /// <summary>Ends <see cref="BreakWrites"/>.</summary>
    protected abstract void MendWrites(int partition);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        Directory.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Read_WhenNothingWasCommitted_IsEmpty()
    {
        await using IStateStore store = Open();
        Assert.Equal(1, await store.TakeEpochAsync(3, default));
        Assert.Null(await store.ReadHeaderAsync(3, default));
        Assert.Empty(await PagesAsync(store, 3));
        Assert.Empty(await store.ReadDeadLettersAsync(3, 10, default));
    }

    [Fact]
    public async Task ReadEpoch_WhenOwnersFollowEachOther_IsTheNewest()
    {
        Needs(StoreCapabilities.SeveralOwners);
        await using IStateStore old = Open(), newer = Open();
        Assert.Equal(0, await old.ReadEpochAsync(0, default));
        Assert.Equal(await old.TakeEpochAsync(0, default), await old.ReadEpochAsync(0, default));
        long second = await newer.TakeEpochAsync(0, default);
        Assert.Equal(second, await old.ReadEpochAsync(0, default));
        Assert.Equal(0, await old.ReadEpochAsync(1, default));
    }

    [Fact]
    public async Task Commit_WhenReadByAnotherStore_IsThereAsWritten()
    {
        ShardHeader header = Header(position: 42);
        await using (IStateStore store = Open())
        {
            long epoch = await store.TakeEpochAsync(0, default);
            await store.CommitAsync(0, epoch, Commit(header, [(0, 1), (1, 2), (2, 3)], [Letter(7), Letter(9)]), default);
        }
        await using IStateStore again = Open();
        Assert.Equal(header with { Totals = header.Totals with { DeadLetters = 2 } }, await again.ReadHeaderAsync(0, default));
        Assert.Equal([(1, 100), (2, 100), (3, 100)], await PagesAsync(again, 0));
        Assert.Equal([Letter(9), Letter(7)], await again.ReadDeadLettersAsync(0, 10, default));
        Assert.Equal([Letter(9)], await again.ReadDeadLettersAsync(0, 1, default));
    }

    [Fact]
    public async Task Commit_WhenPagesRepeat_ReplacesThoseAndKeepsTheOthers()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        await store.CommitAsync(0, epoch, Commit(Header(1), [(0, 1), (1, 2), (2, 3)]), default);
        await store.CommitAsync(0, epoch, Commit(Header(2), [(1, 9), (3, 4)], [Letter(1)]), default);
        Assert.Equal(2, (await store.ReadHeaderAsync(0, default))!.Position);
        Assert.Equal([1, 9, 3, 4], (await PagesAsync(store, 0)).Select(p => p.First));
    }

    [Fact]
    public async Task Commit_WhenTextsHoldOddCharacters_KeepsThem()
    {
        await using IStateStore store = Open();
        DeadLetter[] letters =
            [.. new[] { "a\0b", "\ud83d\ude00", "'\"\\" }.Select((text, i) =>
            Letter(3 - i) with { Stream = text, Mark = text, Id = text })];
        await store.CommitAsync(0, await store.TakeEpochAsync(0, default), Commit(Header(3), [], letters), default);
        Assert.Equal(letters, await store.ReadDeadLettersAsync(0, 10, default));
    }

    [Fact]
    public async Task Commit_WhenDeadLettersComeAgain_KeepsEachOnce()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        // As after a commit whose answer was lost.
        await store.CommitAsync(0, epoch, Commit(Header(1), [(0, 1)], [Letter(1)]), default);
        await store.CommitAsync(0, epoch, Commit(Header(2), [(0, 2)], [Letter(1), Letter(2)]), default);
        Assert.Equal([Letter(2), Letter(1)], await store.ReadDeadLettersAsync(0, 10, default));
    }

    [Fact]
    public async Task Commit_WhenDeadLettersAreMany_KeepsTheNewestAndClearsAwayAFewAtATime()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        DeadLetter[] letters = [.. Enumerable.Range(1, DeadLetter.Kept + 500).Select(i => Letter(i))];
        await store.CommitAsync(0, epoch, Commit(Header(1), [], letters), default);
        Assert.Equal(DeadLetter.Kept, (await store.ReadDeadLettersAsync(0, 20_000, default)).Count);

        await store.CommitAsync(0, epoch, Commit(Header(2), [], [Letter(20_001), Letter(20_002)]), default);
        IReadOnlyList<DeadLetter> kept = await store.ReadDeadLettersAsync(0, 20_000, default);
        Assert.Equal((DeadLetter.Kept, 20_002, 503), (kept.Count, kept[0].Sequence, kept[^1].Sequence));

        // Another partition's are its own.
        await store.CommitAsync(1, await store.TakeEpochAsync(1, default), Commit(Header(1), [], [Letter(1)]), default);
        Assert.Equal(DeadLetter.Kept, (await store.ReadDeadLettersAsync(0, 20_000, default)).Count);
        Assert.Single(await store.ReadDeadLettersAsync(1, 10, default));
    }

    [Fact]
    public async Task Secure_WhenThereAreCommits_IsWhatTheLastOneReflects()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        Assert.Equal(0, await store.SecureAsync(0, default));
        for (int position = 5; position < 8; position++)
        {
            await store.CommitAsync(0, epoch, Commit(Header(position), [(0, 1)]), default);
            Assert.Equal(position, await store.SecureAsync(0, default));
        }
        Assert.Equal(7, await store.SecureAsync(0, default));
    }

    [Fact]
    public async Task Commit_WhenPartitionsDiffer_KeepsThemApart()
    {
        await using IStateStore store = Open();
        await store.CommitAsync(0, await store.TakeEpochAsync(0, default), Commit(Header(1), [(0, 1)], [Letter(1)]), default);
        await store.CommitAsync(1, await store.TakeEpochAsync(1, default), Commit(Header(5), []), default);
        Assert.Equal(1, (await store.ReadHeaderAsync(0, default))!.Position);
        Assert.Equal(5, (await store.ReadHeaderAsync(1, default))!.Position);
        Assert.Empty(await PagesAsync(store, 1));
        Assert.Empty(await store.ReadDeadLettersAsync(1, 10, default));
    }

    [Fact]
    public async Task Commit_WhenANewerOwnerTookThePartition_IsRefusedAndWritesNothing()
    {
        Needs(StoreCapabilities.SeveralOwners);
        await using IStateStore old = Open(), newer = Open();
        long first = await old.TakeEpochAsync(0, default);
        await old.CommitAsync(0, first, Commit(Header(1), [(0, 1)]), default);
        long second = await newer.TakeEpochAsync(0, default);
        Assert.Equal(first + 1, second);

        await Assert.ThrowsAsync<StaleEpochException>(() => old.CommitAsync(0, first, Commit(Header(2), [(0, 2)], [Letter(1)]), default));
        Assert.Equal(1, (await newer.ReadHeaderAsync(0, default))!.Position);
        Assert.Equal([1], (await PagesAsync(newer, 0)).Select(p => p.First));
        Assert.Empty(await newer.ReadDeadLettersAsync(0, 10, default));

        await newer.CommitAsync(0, second, Commit(Header(3), [(0, 3)]), default);
        Assert.Equal(3, (await old.ReadHeaderAsync(0, default))!.Position);
    }

    [Fact]
    public async Task TakeEpoch_WhenManyOwnersTakeItAtOnce_GivesEachItsOwnAndOneCanCommit()
    {
        Needs(StoreCapabilities.SeveralOwners);
        IStateStore[] stores = [.. Enumerable.Range(0, 6).Select(_ => Open())];
        (await stores[0].TakeEpochAsync(0, default)).ToString();
        long[] epochs = await Task.WhenAll(stores.Select(store => Task.Run(() => store.TakeEpochAsync(0, default))));
        Assert.Equal([2L, 3, 4, 5, 6, 7], epochs.Order());

        int committed = 0;
        await Task.WhenAll(stores.Select((store, i) => Task.Run(async () =>
        {
            try
            {
                await store.CommitAsync(0, epochs[i], Commit(Header(epochs[i]), []), default);
                Interlocked.Increment(ref committed);
            }
            catch (StaleEpochException)
            {
            }
        })));
        Assert.Equal(1, committed);
        Assert.Equal(7, (await stores[0].ReadHeaderAsync(0, default))!.Position);
        foreach (IStateStore store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Commit_WhenWritesFail_LeavesTheLastCommitAndWorksAgainAfterwards()
    {
        Needs(StoreCapabilities.FailingWrites);
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        await store.CommitAsync(0, epoch, Commit(Header(1), [(0, 1)]), default);
        BreakWrites(0);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() =>
            store.CommitAsync(0, epoch, Commit(Header(2), [(0, 2), (1, 2)], [Letter(2)]), default));
        Assert.Equal(1, (await store.ReadHeaderAsync(0, default))!.Position);
        Assert.Equal([1], (await PagesAsync(store, 0)).Select(p => p.First));
        Assert.Empty(await store.ReadDeadLettersAsync(0, 10, default));
        MendWrites(0);
        await store.CommitAsync(0, epoch, Commit(Header(3), [(0, 3)]), default);
        Assert.Equal([3], (await PagesAsync(store, 0)).Select(p => p.First));
    }

    protected static ShardHeader Header(long position) => new()
    {
        Position = position,
        Policy = new EventTimePolicy(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)),
        ModelId = "0123456789abcdef",
        RowsPerPage = 15,
        Rows = 31,
        Totals = new ShardTotals(position, 0, 3),
        Format = 7,
        Arithmetic = "rounded",
        Calibration = Counted((float)(position % 100 / 100.0), values: (int)(position % 3)),
        Population = position % 2 == 0 ? new Population(Small.Model).ToText() : null,
    };

    private static Calibration Counted(float pit, int values)
    {
        var calibration = new Calibration();
        ValueBins bins = Enumerable.Range(0, values).Aggregate(default(ValueBins), (all, value) => all.With(value, pit));
        calibration.Add(new StepScore(0, 0, 0, 0, pit, 0.5f, 0.7f, true) { ValueBins = bins });
        return calibration;
    }

    protected static ShardCommit Commit(ShardHeader header, (int Number, byte Content)[] pages, DeadLetter[]? letters = null)
    {
        // A store counts the letters that it has, and misses those that it does not find.
        header = header with { Totals = header.Totals with { DeadLetters = letters?.Length ?? 0 } };
        var commit = new ShardCommit(header) { DeadLetters = letters ?? [] };
        foreach ((int number, byte content) in pages)
        {
            commit.AddPage(number, 100).Fill(content);
        }
        return commit;
    }

    protected static DeadLetter Letter(long sequence) =>
        new(0, sequence, "stream", 5, sequence % 2 == 0 ? null : "m", null, 6, "late", "A sentence.");

    protected static async Task<List<(int First, int Length)>> PagesAsync(IStateStore store, int partition)
    {
        var pages = new List<(int, int)>();
        await foreach (Memory<byte> page in store.ReadPagesAsync(partition, default))
        {
            Assert.All(page.ToArray(), b => Assert.Equal(page.Span[0], b));
            pages.Add((page.Span[0], page.Length));
        }
        return pages;
    }
}
