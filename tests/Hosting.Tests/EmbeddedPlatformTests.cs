using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Models.Forecasting;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

public sealed class EmbeddedPlatformTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 2, 8)]
    [InlineData(64, 1, 8)]
    [InlineData(64, 2, 1)]
    [InlineData(5000, 2, 8)]
    [InlineData(5000, 1, 1)]
    public async Task Digest_WhenBatchThreadsAndPartitionsVary_IsThatOfOneEventAtATime(int batchSize, int threads, int partitions)
    {
        await using (EmbeddedPlatform platform = await OpenAsync(Options(partitions) with { BatchSize = batchSize, Threads = threads }))
        {
            await FeedAsync(platform, Workload(), seed: batchSize);
        }
        await AssertEqualsReferenceAsync();
    }

    [Theory]
    [InlineData(true, "leave out --no-adapt, or give --adapt")]
    [InlineData(false, "leave out --adapt, or give --no-adapt")]
    public async Task Open_WhenTheDirectoryIsOfTheSameModelButForAdaptation_SaysSo(bool adapted, string advice)
    {
        await using (await OpenAsync(Options(1) with { Model = Small.Model.WithAdaptation(adapted) }))
        {
        }
        var e = await Assert.ThrowsAsync<StorageException>(() =>
            EmbeddedPlatform.OpenAsync(Options(1) with { Model = Small.Model.WithAdaptation(!adapted) }));
        Assert.Contains(advice, e.Message);
        e = await Assert.ThrowsAsync<StorageException>(() => EmbeddedPlatform.OpenAsync(Options(1) with { Model = Small.Create(2) }));
        Assert.EndsWith("Give it that model, or choose another directory.", e.Message);
    }

    [Fact]
    public async Task Digest_WhenAnotherDeviceIsHandedIn_IsThatOfOneEventAtATime()
    {
        using var device = new PlainDevice(Small.Model);
        await using (EmbeddedPlatform platform = await OpenAsync(Options(3) with { Device = device }))
        {
            await FeedAsync(platform, Workload(), seed: 1);
            Assert.Equal((3, platform.Status().EventsApplied), (device.Opened.Count, device.Opened.Sum(backend => backend.Stepped)));
        }
        await AssertEqualsReferenceAsync();
    }

    [Fact]
    public async Task Digest_WhenLayoutsDiffer_IsTheSame()
    {
        var digests = new HashSet<string>();
        foreach ((int batchSize, int threads, int partitions) in new[] { (1, 1, 1), (7, 2, 8), (5000, 2, 3) })
        {
            using var directory = new TemporaryFolder();
            await using EmbeddedPlatform platform =
                await OpenAsync(Options(partitions, directory.Path) with { BatchSize = batchSize, Threads = threads });
            await FeedAsync(platform, Workload(), seed: batchSize);
            digests.Add(await platform.StateDigestAsync(default));
        }
        Assert.Single(digests);
    }

    [Fact]
    public async Task Digest_WhenStoppedAndStartedAgain_IsAsIfUndisturbed()
    {
        List<(string, long, string)> events = Workload();
        foreach (List<(string, long, string)> part in Split(events, 4))
        {
            await using EmbeddedPlatform platform = await OpenAsync(Options(3));
            await FeedAsync(platform, part);
        }
        await AssertEqualsReferenceAsync();
    }

    [Fact]
    public async Task Digest_WhenDroppedWithoutACommit_IsAsIfUndisturbed()
    {
        var random = new Random(7);
        foreach (List<(string, long, string)> part in Split(Workload(), 8))
        {
            EmbeddedPlatform platform = await OpenAsync(Options(3) with { BatchSize = 50 });
            await FeedAsync(platform, part[..(part.Count / 2)]);
            if (random.Next(2) == 0)
            {
                await platform.CommitAsync();
            }
            // The rest is in the log when the platform goes, applied or not.
            await AppendAsync(platform, part[(part.Count / 2)..]);
            await platform.AbandonAsync();
        }
        await (await DrainedAsync(Options(3))).DisposeAsync();
        await AssertEqualsReferenceAsync();
    }

    [Theory]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    [InlineData("tova", 9)]
    [InlineData("window+2", 20)]
    [InlineData("h2o", 8)]
    public async Task Digest_WhenTheMixerIsNotAaren_OutlivesCrashesAndStops(string mixer, int states)
    {
        ForecastModel model = Small.Create(seed: 1, mixer, states);
        foreach (List<(string, long, string)> part in Split(Workload(), 4))
        {
            EmbeddedPlatform platform = await OpenAsync(Options(3) with { Model = model, BatchSize = 50 });
            await FeedAsync(platform, part[..(part.Count / 2)]);
            await platform.CommitAsync();
            await FeedAsync(platform, part[(part.Count / 2)..]);
            await platform.AbandonAsync();
        }
        await AssertEqualsReferenceAsync(Options(3) with { Model = model });
        await AssertEqualsReferenceAsync(Options(3) with { Model = model });
    }

    [Fact]
    public async Task Find_WhenStatesGrow_GivesRowsThatForecastAndGrow()
    {
        ForecastModel model = Small.Create(seed: 1, "softmax");
        await using EmbeddedPlatform platform = await OpenAsync(Options(1) with { Model = model });
        foreach (int events in new[] { 1, 16, 17, 40 })
        {
            await FeedAsync(platform,
                [.. Enumerable.Range(0, events)
                .Select(i => ($"user/{events}", _time.NowTicks - (50 - i) * TimeSpan.TicksPerMinute, "view"))]);
            StreamSnapshot found = (await platform.FindAsync($"user/{events}", default))!;
            Assert.Equal(RowHeader.Bytes + model.StateBytesAfter(events), found.StateBytes);
            Assert.True(new Forecaster(model).Forecast(found.State, 1).Count(600).Mean > 0);
        }
        Assert.NotEmpty(await platform.OverdueAsync(new OverdueQuestion(_time.NowTicks, 10), default));
    }

    [Fact]
    public async Task Digest_WhenACopyOfTheFilesIsOpened_IsThatOfItsLog()
    {
        List<(string, long, string)> events = Workload();
        await using EmbeddedPlatform platform = await OpenAsync(Options(2));
        await FeedAsync(platform, events[..400]);
        await platform.CommitAsync();
        await FeedAsync(platform, events[400..900]);

        // Nothing is being written at this moment, so the copied files are what a killed process leaves.
        using var copy = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(_directory.Path)
            .Where(f => Path.GetFileName(f) is not "lock" && !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, copy.At(Path.GetFileName(file)));
        }
        await using EmbeddedPlatform revived = await DrainedAsync(Options(2, copy.Path));
        Assert.Equal(await platform.StateDigestAsync(default), await revived.StateDigestAsync(default));
        Assert.Equal(Counts(platform.Status()), Counts(revived.Status()));
        Assert.Equal(await platform.DeadLettersAsync(10_000, default), await revived.DeadLettersAsync(10_000, default));

        await FeedAsync(platform, events[900..]);
        await FeedAsync(revived, events[900..]);
        Assert.Equal(await platform.StateDigestAsync(default), await revived.StateDigestAsync(default));
    }

    [Fact]
    public async Task Append_WhenAllIsRepeatedWithTheSameKeys_ChangesNothing()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(4));
        EventBatch batch = EventSets.Batch([.. Workload()]);
        await platform.AppendAsync(batch, EventSets.Key("k"), default);
        await platform.DrainAsync(default);
        string digest = await platform.StateDigestAsync(default);
        PlatformStatus before = platform.Status();

        AppendReceipt again = await platform.AppendAsync(batch, EventSets.Key("k"), default);
        await platform.DrainAsync(default);
        Assert.True(again.Replayed);
        Assert.Equal(digest, await platform.StateDigestAsync(default));
        Assert.Equal(Counts(before), Counts(platform.Status()));
    }

    [Fact]
    public async Task Open_WhenPolicyChanges_HoldsForWhatComesLaterAlsoInAReplay()
    {
        // Wide enough that no event is refused any more, also on streams that an event in the future has moved ahead.
        EmbeddedOptions wide = Options(2) with { LateTolerance = TimeSpan.FromDays(60), FutureTolerance = TimeSpan.FromDays(1) };
        List<(string, long, string)> events = Workload();
        EmbeddedPlatform platform = await OpenAsync(Options(2));
        await FeedAsync(platform, events[..700]);
        await platform.AbandonAsync();
        platform = await OpenAsync(wide);
        await FeedAsync(platform, events[700..]);
        await platform.AbandonAsync();
        // Who says nothing about the policy keeps the one in force.
        platform = await DrainedAsync(Options(2));
        await platform.DisposeAsync();
        Reference reference = await AssertEqualsReferenceAsync(Options(2));
        Assert.All(reference.DeadLetters, letter => Assert.True(letter.Sequence < 700));
        Assert.NotEmpty(reference.DeadLetters);

        await using var log = SqliteEventLog.Open(_directory.At("log.db"), null, _time);
        Assert.Equal(2, (await log.ReadAllAsync(0)).Count(r => r is { Kind: LogRecordKind.Control, Key: "policy" }));
    }

    [Fact]
    public async Task Find_WhenStreamIsUnknown_IsNull()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(2));
        Assert.Null(await platform.FindAsync("nobody", default));
        await FeedAsync(platform, [("someone", _time.NowTicks, "view")]);
        Assert.Equal(1, (await platform.FindAsync("someone", default))!.Events);
    }

    [Fact]
    public async Task WaitApplied_WhenPositionIsNotOfThisLog_IsRefused()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(2));
        await Assert.ThrowsAsync<ArgumentException>(() => platform.WaitAppliedAsync(new Position([(2, 1)]), default));
        await Assert.ThrowsAsync<ArgumentException>(() => platform.WaitAppliedAsync(new Position([(0, 1000)]), default));
        await platform.WaitAppliedAsync(Position.None, default);
    }

    [Fact]
    public async Task DeadLetters_WhenCommittedOrNot_AreShownOnceNewestFirst()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(2));
        long now = _time.NowTicks;
        await FeedAsync(platform, [("a", now, ""), ("a", now - TimeSpan.TicksPerHour, "view"), ("b", now + TimeSpan.TicksPerDay, "")]);
        await platform.CommitAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await FeedAsync(platform, [("a", now - 2 * TimeSpan.TicksPerHour, "")]);

        IReadOnlyList<DeadLetter> letters = await platform.DeadLettersAsync(10, default);
        Assert.Equal(3, letters.Count);
        Assert.Equal(("a", now - 2 * TimeSpan.TicksPerHour, "late", now + EventTime.PerSecond),
            (letters[0].Stream, letters[0].TimeTicks, letters[0].Reason, letters[0].AppendTicks));
        Assert.Equal(["future", "late"], letters.Skip(1).Select(l => l.Reason).Order());
        Assert.Equal(letters.Take(1), await platform.DeadLettersAsync(1, default));
        Assert.Equal(3, platform.Status().DeadLetters);
    }

    [Fact]
    public async Task Overdue_WhenManyStreamsAreSilent_AreThoseWithTheLeastLikelySilence()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(3));
        await FeedAsync(platform, Small.Workload(2000, 400, _time.NowTicks));
        var all = new List<OverdueStream>();
        for (int i = 0; i < 400; i++)
        {
            if (await platform.FindAsync($"user/{i}", default) is { } s)
            {
                double silence = Math.Max(0, (_time.NowTicks - s.LastEventTicks) / 1e7);
                all.Add(new OverdueStream(s.Stream, s.LastEventTicks, silence, new Forecaster(Small.Model).LogSurvival(s.State, silence)));
            }
        }
        foreach (int limit in new[] { 0, 1, 25, 1000 })
        {
            IReadOnlyList<OverdueStream> overdue = await platform.OverdueAsync(new OverdueQuestion(_time.NowTicks, limit), default);
            Assert.Equal(all.Select(s => s.LogSurvival).Order().Take(limit), overdue.Select(s => s.LogSurvival),
                (expected, actual) => Math.Abs(expected - actual) <= 1e-11 * Math.Abs(expected) + 1e-15);
            Assert.All(overdue, s => Assert.Contains(s with { LogSurvival = 0 }, all.Select(one => one with { LogSurvival = 0 })));
        }
    }

    [Fact]
    public async Task Status_WhenEverythingIsApplied_AddsUp()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(3));
        await FeedAsync(platform, Workload());
        PlatformStatus status = platform.Status();
        Assert.True(status.Ready);
        Assert.Empty(status.Problems);
        Assert.Equal((0, 0), (status.LagEvents, status.LagSeconds));
        Assert.Equal(Workload().Count, status.EventsAccepted);
        Assert.Equal(status.EventsAccepted, status.EventsApplied + status.DeadLetters);
        Assert.Equal(status.EventsApplied - status.Streams, status.Scores.Events);
        Assert.True(double.IsFinite(status.Scores.Time) && status.Scores.Time != 0);
    }

    [Fact]
    public async Task Open_WhenDirectoryIsInUse_SaysSo()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(1));
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(Options(1)));
        Assert.Contains("in use by another process", e.Message);
    }

    [Fact]
    public async Task Open_WhenDirectoryBelongsToAnotherModel_NamesBothAndLeavesTheDirectory()
    {
        ForecastModel other = Small.Create(seed: 2);
        await (await OpenAsync(Options(1))).DisposeAsync();
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(Options(1) with { Model = other }));
        Assert.Contains(Small.Model.Id, e.Message);
        Assert.Contains(other.Id, e.Message);
        await (await OpenAsync(Options(1))).DisposeAsync();
    }

    [Fact]
    public async Task Open_WhenDirectoryIsAFile_SaysSo()
    {
        string path = _directory.At("file");
        await File.WriteAllTextAsync(path, "");
        await Assert.ThrowsAsync<StorageException>(() => OpenAsync(Options(1, path)));
    }

    [Fact]
    public async Task Open_WhenAPageIsDamaged_ServesNoWrongAnswer()
    {
        EmbeddedPlatform first = await OpenAsync(Options(1));
        await FeedAsync(first, Workload());
        await first.DisposeAsync();
        Execute("shard-0000.db", "UPDATE page SET rows = zeroblob(length(rows)) WHERE id = 1");

        await using EmbeddedPlatform platform = await OpenAsync(Options(1), ready: false);
        var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Ready);
        Assert.Contains("page 1 fails its checksum", e.Message);
        await Assert.ThrowsAsync<PlatformUnavailableException>(async () => await platform.FindAsync("user/0", default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.WaitAppliedAsync(new Position([(0, 1)]), default));
        Assert.False(platform.Status().Ready);
        Assert.Contains("page 1 fails its checksum", Assert.Single(platform.Status().Problems));
    }

    [Fact]
    public async Task Open_WhenAShardsFileIsNoDatabase_SaysSo()
    {
        EmbeddedPlatform first = await OpenAsync(Options(1));
        await FeedAsync(first, Workload());
        await first.DisposeAsync();
        await File.WriteAllTextAsync(_directory.At("shard-0000.db"), string.Concat(Enumerable.Repeat("This is a text. ", 3000)));

        await using EmbeddedPlatform platform = await OpenAsync(Options(1), ready: false);
        var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Ready);
        Assert.Contains("Partition 0's store is damaged", e.Message);
    }

    [Fact]
    public async Task Open_WhenAShardsFileIsRemoved_RebuildsItFromTheLog()
    {
        EmbeddedPlatform first = await OpenAsync(Options(2));
        await FeedAsync(first, Workload());
        await first.DisposeAsync();
        File.Delete(_directory.At("shard-0001.db"));
        await (await DrainedAsync(Options(2))).DisposeAsync();
        await AssertEqualsReferenceAsync();
    }

    [Fact]
    public async Task Open_WhenTheStoreIsOfAProgramWithoutScores_OpensAndCountsFromThere()
    {
        List<(string, long, string)> events = Workload();
        await using (EmbeddedPlatform platform = await OpenAsync(Options(1)))
        {
            await FeedAsync(platform, events[..1000]);
        }
        // The file as it was: without later columns, and with zeros where the rows have their scores.
        await RewritePagesAsync(0, header => header with { Scores = default });
        Execute("shard-0000.db", """
            ALTER TABLE shard DROP COLUMN calibration; ALTER TABLE shard DROP COLUMN pages_crc; ALTER TABLE shard DROP COLUMN seal;
            ALTER TABLE owner DROP COLUMN identity; ALTER TABLE owner DROP COLUMN partition; ALTER TABLE owner DROP COLUMN seal;
            ALTER TABLE dead_letter DROP COLUMN seal
            """);

        await using (EmbeddedPlatform platform = await OpenAsync(Options(1)))
        {
            Assert.Equal(0, (await platform.CalibrationAsync(default)).Events);
            Assert.Equal(default, (await platform.FindAsync("user/0", default))!.Scores);
            await FeedAsync(platform, events[1000..]);
            Assert.InRange((await platform.FindAsync("user/0", default))!.Scores.Events, 100, 300);
            Assert.InRange((await platform.CalibrationAsync(default)).Events, 350, 500);
        }
    }

    [Fact]
    public async Task Open_WhenTheLogIsOlderThanTheStores_SaysSo()
    {
        EmbeddedPlatform first = await OpenAsync(Options(1));
        await FeedAsync(first, Workload());
        await first.DisposeAsync();
        File.Delete(_directory.At("log.db"));
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(Options(1), ready: false));
        Assert.Contains("is missing or empty, and 1502 records of it were acknowledged", e.Message);

        // Without the witness it is a new log, and the rows are another's.
        File.Delete(_directory.At("log.ack"));
        await using EmbeddedPlatform platform = await OpenAsync(Options(1), ready: false);
        var other = await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Ready);
        Assert.Contains("it belongs to the log of another data directory", other.Message);
    }

    [Fact]
    public async Task Commit_WhenTheIntervalIsOver_HappensByItself()
    {
        await using EmbeddedPlatform platform =
            await OpenAsync(Options(1) with { CommitInterval = TimeSpan.FromSeconds(1), Alerts = AlertRule.Off });
        // Two control records wake the committer; its timer is the first that anybody sets.
        await _time.TimersSet.WaitAsync(1, default);
        AppendReceipt receipt = await AppendAsync(platform, [("a", _time.NowTicks, "")]);
        await platform.WaitAppliedAsync(receipt.Position, default);
        _time.Advance(TimeSpan.FromSeconds(1));
        await platform.WaitCommittedAsync(receipt.Position, default);
    }

    [Fact]
    public async Task Commit_WhenManyRecordsAreApplied_DoesNotWaitForTheInterval()
    {
        await using EmbeddedPlatform platform =
            await OpenAsync(Options(1) with { CommitRecords = 10, CommitInterval = TimeSpan.FromDays(1) });
        AppendReceipt receipt = await AppendAsync(platform, [.. Enumerable.Range(0, 100).Select(i => ("a", _time.NowTicks + i, ""))]);
        await platform.WaitCommittedAsync(new Position([(0, 90)]), default);
    }

    [Fact]
    public async Task Commit_WhenTheStoreFails_KeepsServingAndLosesNothing()
    {
        List<(string, long, string)> events = Workload();
        EmbeddedPlatform platform = await OpenAsync(Options(1));
        await FeedAsync(platform, events[..500]);
        await platform.CommitAsync();
        Execute("shard-0000.db", "CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
        await FeedAsync(platform, events[500..900]);
        await Assert.ThrowsAsync<PlatformUnavailableException>(platform.CommitAsync);
        Assert.NotNull(await platform.FindAsync("user/0", default));
        Execute("shard-0000.db", "DROP TRIGGER broken");
        await FeedAsync(platform, events[900..]);
        await platform.DisposeAsync();
        await AssertEqualsReferenceAsync();
    }

    [Fact]
    public async Task Commit_WhenAnotherOwnerTookTheEpoch_FencesTheShard()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Options(1));
        await FeedAsync(platform, Workload());
        await using (var other = new SqliteStateStore(_directory.Path))
        {
            await other.TakeEpochAsync(0, default);
        }
        await Assert.ThrowsAsync<StaleEpochException>(platform.CommitAsync);
        await Assert.ThrowsAsync<PlatformUnavailableException>(async () => await platform.FindAsync("user/0", default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(
            () => platform.OverdueAsync(new OverdueQuestion(_time.NowTicks, 1), default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(platform.CommitAsync);
        AppendReceipt receipt = await AppendAsync(platform, [("a", _time.NowTicks, "")]);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.WaitAppliedAsync(receipt.Position, default));
        Assert.Contains("newer owner", Assert.Single(platform.Status().Problems));
    }

    private List<(string, long, string)> Workload() => Small.Workload(1500, 60, _time.NowTicks);

    private EmbeddedOptions Options(int? partitions, string? directory = null) => new()
    {
        OpenStorage = SqliteStorage.In(directory ?? _directory.Path, partitions),
        Model = Small.Model,
        Threads = 2,
        Time = _time,
    };

    private static async Task<EmbeddedPlatform> OpenAsync(EmbeddedOptions options, bool ready = true)
    {
        EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options);
        if (ready)
        {
            await platform.Ready;
        }
        return platform;
    }

    private static async Task<EmbeddedPlatform> DrainedAsync(EmbeddedOptions options)
    {
        EmbeddedPlatform platform = await OpenAsync(options);
        await platform.DrainAsync(default);
        return platform;
    }

    private static Task<AppendReceipt> AppendAsync(EmbeddedPlatform platform, List<(string, long, string)> events) =>
        platform.AppendAsync(EventSets.Batch([.. events]), null, default);

    /// <summary>Appends in pieces of random size and waits until all is applied.</summary>
    private static async Task FeedAsync(EmbeddedPlatform platform, List<(string, long, string)> events, int seed = 1)
    {
        var random = new Random(seed);
        var receipts = new List<AppendReceipt>();
        for (int i = 0, n; i < events.Count; i += n)
        {
            n = Math.Min(random.Next(1, 200), events.Count - i);
            receipts.Add(await AppendAsync(platform, events.GetRange(i, n)));
            if (random.Next(4) == 0)
            {
                await platform.WaitAppliedAsync(receipts[^1].Position, default);
            }
        }
        await Task.WhenAll(receipts.Select(receipt => platform.WaitAppliedAsync(receipt.Position, default)));
    }

    private static IEnumerable<List<T>> Split<T>(List<T> list, int parts) =>
        list.Chunk((list.Count + parts - 1) / parts).Select(chunk => chunk.ToList());

    private static (long, long, long, long, long) Counts(PlatformStatus s) =>
        (s.Streams, s.EventsAccepted, s.EventsApplied, s.DeadLetters, s.UnknownMarks);

    /// <summary>Opens the directory once more and compares all that it says with a plain replay of its log.</summary>
    private async Task<Reference> AssertEqualsReferenceAsync(EmbeddedOptions? options = null)
    {
        Reference reference = await Reference.ReplayAsync(_directory.At("log.db"), options?.Model ?? Small.Model);
        Assert.NotEmpty(reference.DeadLetters);
        await using EmbeddedPlatform platform = await DrainedAsync(options ?? Options(null));
        foreach (string stream in reference.Streams)
        {
            StreamSnapshot? snapshot = await platform.FindAsync(stream, default);
            Assert.Equal((reference.Count(stream), reference.Digest(stream), reference.Scores(stream)),
                (snapshot?.Events, snapshot?.Digest(platform.Model), snapshot?.Scores));
        }
        Assert.Equal(reference.Digest(), await platform.StateDigestAsync(default));
        Assert.Equal(reference.Calibration, await platform.CalibrationAsync(default));
        PlatformStatus status = platform.Status();
        Assert.Equal((reference.Streams.Count(), reference.Applied, reference.DeadLetters.Count, reference.UnknownMarks),
            (status.Streams, status.EventsApplied, status.DeadLetters, status.UnknownMarks));
        IReadOnlyList<DeadLetter> letters = await platform.DeadLettersAsync(int.MaxValue, default);
        Assert.Equal(reference.DeadLetters.Order(), letters.Select(l => (l.Partition, l.Sequence, l.Reason)).Order());
        return reference;
    }

    /// <summary>Changes the header of every row in a stopped platform's store.</summary>
    private async Task RewritePagesAsync(int partition, Func<RowHeader, RowHeader> change)
    {
        await using var store = new SqliteStateStore(_directory.Path);
        ShardHeader header = (await store.ReadHeaderAsync(partition, default))!;
        using var slab = new Slab(Small.Serving, header.RowsPerPage);
        await foreach (Memory<byte> page in store.ReadPagesAsync(partition, default))
        {
            RowPage.Decode(page.Span, slab);
        }
        using var commit = new ShardCommit(header with { PagesCrc = null });
        for (int row = 0; row < slab.Count; row++)
        {
            slab.Header(row) = change(slab.Header(row));
        }
        for (int page = 0; page < slab.Pages; page++)
        {
            RowPage.Encode(slab, page, commit.AddPage(page, RowPage.Length(slab, page)));
        }
        await store.CommitAsync(partition, await store.TakeEpochAsync(partition, default), commit, default);
    }

    private void Execute(string file, string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(_directory.At(file));
        database.Execute(sql);
    }
}
