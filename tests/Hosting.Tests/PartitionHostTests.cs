using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Hosting.Tests;

/// <summary>What an owner may still do once another one has taken its partition (law 3).</summary>
public sealed class PartitionHostTests : IAsyncLifetime
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();
    private SqliteEventLog _log = null!;
    private SqliteStateStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _log = SqliteEventLog.Open(_directory.At("log.db"), 1, _time);
        _store = new SqliteStateStore(_directory.Path);
        await _log.AppendAsync(EventSets.Batch(("a", _time.NowTicks, ""), ("b", _time.NowTicks, "")));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Answer_WhenTheLeaseIsOver_IsRefusedUntilTheStoreConfirmsTheEpoch()
    {
        await using PartitionHost owner = await LoadAsync();
        await ApplyAsync(owner);
        Assert.Equal(1, owner.Answer(shard => shard.Find("a"u8))!.Events);

        _time.Advance(s_lease);
        Assert.Throws<PlatformUnavailableException>(() => owner.Answer(shard => shard.Find("a"u8)));

        // A commit that the store takes confirms the epoch, too.
        await owner.CommitAsync();
        Assert.Equal(1, owner.Answer(shard => shard.Find("a"u8))!.Events);
    }

    [Fact]
    public async Task Answer_WhenTheProcessIsPausedInsideTheQuery_IsNotHandedOut()
    {
        await using PartitionHost owner = await LoadAsync();
        await ApplyAsync(owner);

        Assert.Throws<PlatformUnavailableException>(() => owner.Answer(shard =>
        {
            StreamSnapshot? found = shard.Find("a"u8);
            _time.Advance(s_lease);
            return found;
        }));
    }

    [Fact]
    public async Task Confirm_WhenTheLogEndsBeforeWhatWasApplied_StopsTheShardForGood()
    {
        using var shorter = new TemporaryFolder();
        await using SqliteEventLog other = SqliteEventLog.Open(shorter.At("log.db"), 1, _time);
        await using var owner =
            new PartitionHost(new Shard(0, Small.Serving), other, _store, new PartitionHostOptions { Lease = s_lease, Time = _time },
            NullLogger.Instance);
        await owner.LoadAsync(default);
        await owner.ConfirmAsync(default);
        Assert.Null(owner.Shard.Fenced);

        await ApplyAsync(owner);
        await owner.ConfirmAsync(default);
        Assert.Contains("has applied record 2, but its log ends at record 0", owner.Shard.Fenced);
        Assert.Throws<PlatformUnavailableException>(() => owner.Answer(shard => shard.Find("a"u8)));
        await Assert.ThrowsAsync<PlatformUnavailableException>(owner.CommitAsync);
    }

    [Fact]
    public async Task RenewLoop_WhenTheOwnerIsAlone_KeepsItAnswering()
    {
        await using PartitionHost owner = await LoadAsync();
        await ApplyAsync(owner);
        using var stop = new CancellationTokenSource();
        Task loop = owner.RenewLoopAsync(stop.Token);

        for (int i = 0; i < 10; i++)
        {
            // Each turn sets the clock of one question and of the pause behind it.
            await _time.TimersSet.WaitAsync(2 * i + 2, default).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.NotNull(owner.Answer(shard => shard.Find("a"u8)));
            _time.Advance(s_lease / 3);
        }
        Assert.False(owner.Lost.IsCompleted);
        await stop.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task RenewLoop_WhenAnotherOwnerCame_FencesTheShard()
    {
        await using PartitionHost old = await LoadAsync();
        await ApplyAsync(old);
        await using PartitionHost newer = await LoadAsync();

        await old.RenewLoopAsync(default).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.IsType<StaleEpochException>(await old.Lost);
        Assert.Throws<PlatformUnavailableException>(() => old.Answer(shard => shard.Find("a"u8)));
        Assert.Throws<PlatformUnavailableException>(() => old.Answer(shard => shard.Calibration()));
        await Assert.ThrowsAsync<PlatformUnavailableException>(old.CommitAsync);
        Assert.False(newer.Lost.IsCompleted);
    }

    [Fact]
    public async Task Commit_WhenAnotherOwnerCame_IsRefusedAndFencesTheShard()
    {
        await using PartitionHost old = await LoadAsync();
        await ApplyAsync(old);
        await using PartitionHost newer = await LoadAsync();

        await Assert.ThrowsAsync<StaleEpochException>(old.CommitAsync);

        Assert.IsType<StaleEpochException>(await old.Lost);
        Assert.Null(await _store.ReadHeaderAsync(0, default));
        await ApplyAsync(newer);
        await newer.CommitAsync();
        Assert.Equal(2, (await _store.ReadHeaderAsync(0, default))!.Position);
    }

    [Fact]
    public async Task Log_WhenThePartitionIsTakenLostAndLeft_HasALineForEachWithPartitionEpochAndPosition()
    {
        var log = new LogCollector();
        PartitionHost old = await LoadAsync(log);
        await ApplyAsync(old);
        await using PartitionHost newer = await LoadAsync();
        await Assert.ThrowsAsync<StaleEpochException>(old.CommitAsync);
        await old.StopAsync("The test is over.", default);

        Assert.Collection(log.Lines,
            line => AssertLine(LogLevel.Information, "Partition 0 is served here: epoch 1, position 0, 0 streams.", line),
            line => AssertLine(LogLevel.Warning, "Partition 0 stopped here (epoch 1, position 2): Partition 0 belongs to a newer owner", line),
            line => AssertLine(LogLevel.Information, "Partition 0 left this process (epoch 1, position 2): The test is over.", line));
    }

    [Fact]
    public async Task Log_WhenCommitsFailForAWhile_SaysSoOnceAndWhenTheyWorkAgain()
    {
        var log = new LogCollector();
        await using PartitionHost host = await LoadAsync(log);
        await ApplyAsync(host);
        using (SqliteDatabase file = SqliteDatabase.Open(_directory.At("shard-0000.db")))
        {
            file.Execute("CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
            for (int i = 0; i < 3; i++)
            {
                await Assert.ThrowsAsync<PlatformUnavailableException>(host.CommitAsync);
            }
            file.Execute("DROP TRIGGER broken");
        }
        await host.CommitAsync();

        Assert.Collection(log.Lines.Skip(1),
            line => AssertLine(LogLevel.Warning, "Partition 0 (epoch 1, position 2) cannot be committed; it tries again: ", line),
            line => AssertLine(LogLevel.Information, "Partition 0 (epoch 1, position 2) commits again.", line));
    }

    [Fact]
    public async Task Follow_WhenDeadLettersWaitForTheStore_HoldsSoManyAndCountsAll()
    {
        const int batch = 1000, letters = Shard.MostUncommittedDeadLetters + 5 * batch;
        long future = _time.NowTicks + TimeSpan.FromDays(2).Ticks;
        await _log.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, letters).Select(i => ($"s{i}", future, ""))]));
        await using var host =
            new PartitionHost(new Shard(0, Small.Serving), _log, _store, new PartitionHostOptions { Time = _time }, NullLogger.Instance);
        await host.LoadAsync(default);
        using SqliteDatabase file = SqliteDatabase.Open(_directory.At("shard-0000.db"));
        file.Execute("CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
        host.Follow(Background.Run, batch);

        // The commit that fails is told first, by whoever makes it; then the reader, who waits for it.
        await Until.TrueAsync(() => host.Problem?.StartsWith("its events that could not be applied wait for the store, 10000 or more",
            StringComparison.Ordinal) == true, TimeSpan.FromMinutes(1));
        Assert.InRange(host.Answer(shard => shard.UncommittedDeadLetters()).Length,
            Shard.MostUncommittedDeadLetters, Shard.MostUncommittedDeadLetters + batch);
        Assert.NotNull(host.Answer(shard => shard.Find("a"u8)));

        file.Execute("DROP TRIGGER broken");
        await Until.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return host.Applied.Value == letters + 2;
        }, TimeSpan.FromMinutes(1));
        Assert.Null(host.Problem);
        await host.CommitAsync();
        IReadOnlyList<DeadLetter> stored = await _store.ReadDeadLettersAsync(0, 2 * letters, default);
        // The store keeps the newest, in whichever commits they came; the header counts all.
        Assert.Equal(Enumerable.Range(3 + letters - DeadLetter.Kept, DeadLetter.Kept).Select(i => (long)i),
            stored.Select(letter => letter.Sequence).Order());
        Assert.Equal(letters, (await _store.ReadHeaderAsync(0, default))!.Totals.DeadLetters);
    }

    [Fact]
    public async Task RaiseAlerts_WhenTheLogCannotBeFollowed_WaitsUntilItCan()
    {
        var rule = new AlertRule();
        await using var owner = new PartitionHost(new Shard(0, Small.Serving, rule), _log, _store,
            new PartitionHostOptions { Time = _time }, NullLogger.Instance);
        await owner.LoadAsync(default);
        await ApplyAsync(owner);
        var raised = new List<Alert>();
        Task RaiseAsync() => owner.RaiseAlertsAsync(alerts =>
        {
            raised.AddRange(alerts);
            return Task.CompletedTask;
        });
        await RaiseAsync();
        float[] state = owner.Answer(shard => shard.Find("a"u8))!.State;
        _time.Advance(TimeSpan.FromSeconds(Small.Serving.Forecaster.SilenceOf(state, rule.Survival)) + rule.Tick);

        // What the log took and this process cannot see may be the very events that the streams seem to owe.
        using (SqliteDatabase file = SqliteDatabase.Open(_directory.At("log.db")))
        {
            file.Execute("CREATE TRIGGER broken BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
            await Assert.ThrowsAsync<PlatformUnavailableException>(() => _log.AppendAsync(EventSets.Batch(("c", _time.NowTicks, ""))));
        }
        Assert.NotNull(_log.Problem);
        await RaiseAsync();
        Assert.Empty(raised);

        // The log's trouble counts as over when nobody has met it for a while.
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(_log.Problem);
        await RaiseAsync();
        Assert.Equal(["a", "b"], raised.Select(alert => alert.Stream).Order());
    }

    private static void AssertLine(LogLevel level, string beginning, (LogLevel Level, string Text) line)
    {
        Assert.Equal(level, line.Level);
        Assert.StartsWith(beginning, line.Text);
    }

    private async Task<PartitionHost> LoadAsync(ILogger? log = null)
    {
        var owner = new PartitionHost(new Shard(0, Small.Serving), _log, _store,
            new PartitionHostOptions { Lease = s_lease, Time = _time }, log ?? NullLogger.Instance);
        await owner.LoadAsync(default);
        return owner;
    }

    private async Task ApplyAsync(PartitionHost owner)
    {
        await using ILogReader reader = _log.OpenReader(0, owner.Shard.Position);
        var batch = new RecordBatch();
        while (await reader.ReadAsync(batch, 100, default) > 0)
        {
            owner.Apply(batch);
        }
    }
}
