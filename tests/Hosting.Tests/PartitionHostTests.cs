namespace Foretell.Streams.Tests;

/// <summary>What an owner may still do once another one has taken its partition (law 3).</summary>
public sealed class ShardOwnerTests : IAsyncLifetime
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    private readonly TempDirectory _directory = new();
    private readonly ManualTime _time = new();
    private SqliteEventLog _log = null!;
    private SqliteStateStore _store = null!;

    public async Task InitializeAsync()
    {
        _log = SqliteEventLog.Open(_directory.File("log.db"), 1, _time);
        _store = new SqliteStateStore(_directory.Path);
        await _log.AppendAsync(Events.Batch(("a", _time.NowTicks, ""), ("b", _time.NowTicks, "")));
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Answer_WhenTheLeaseIsOver_IsRefusedUntilTheStoreConfirmsTheEpoch()
    {
        using ShardOwner owner = await LoadAsync();
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
        using ShardOwner owner = await LoadAsync();
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
        using var shorter = new TempDirectory();
        await using SqliteEventLog other = SqliteEventLog.Open(shorter.File("log.db"), 1, _time);
        using var owner = new ShardOwner(new Shard(0, Small.Model), other, _store, new ShardOwnerOptions { Lease = s_lease, Time = _time });
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
        using ShardOwner owner = await LoadAsync();
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
        using ShardOwner old = await LoadAsync();
        await ApplyAsync(old);
        using ShardOwner newer = await LoadAsync();

        await old.RenewLoopAsync(default).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.IsType<StaleEpochException>(await old.Lost);
        Assert.Throws<PlatformUnavailableException>(() => old.Answer(shard => shard.Find("a"u8)));
        await Assert.ThrowsAsync<PlatformUnavailableException>(old.CommitAsync);
        Assert.False(newer.Lost.IsCompleted);
    }

    [Fact]
    public async Task Commit_WhenAnotherOwnerCame_IsRefusedAndFencesTheShard()
    {
        using ShardOwner old = await LoadAsync();
        await ApplyAsync(old);
        using ShardOwner newer = await LoadAsync();

        await Assert.ThrowsAsync<StaleEpochException>(old.CommitAsync);

        Assert.IsType<StaleEpochException>(await old.Lost);
        Assert.Null(await _store.ReadHeaderAsync(0, default));
        await ApplyAsync(newer);
        await newer.CommitAsync();
        Assert.Equal(2, (await _store.ReadHeaderAsync(0, default))!.Position);
    }

    private async Task<ShardOwner> LoadAsync()
    {
        var owner = new ShardOwner(new Shard(0, Small.Model), _log, _store, new ShardOwnerOptions { Lease = s_lease, Time = _time });
        await owner.LoadAsync(default);
        return owner;
    }

    private async Task ApplyAsync(ShardOwner owner)
    {
        await using ILogReader reader = _log.OpenReader(0, owner.Shard.Position);
        var batch = new RecordBatch();
        while (await reader.ReadAsync(batch, 100, default) > 0)
        {
            owner.Apply(batch);
        }
    }
}
