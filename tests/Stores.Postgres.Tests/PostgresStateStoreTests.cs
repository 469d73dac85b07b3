using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Stores.Contract;
using Foretell.Support;
using Npgsql;

namespace Foretell.Stores.Postgres.Tests;

[Collection(PostgresServer.Name)]
public sealed class PostgresStateStoreTests(PostgresServer server) : StateStoreContract
{
    private PostgresOptions _options = null!;

    public override async ValueTask InitializeAsync() => _options = await server.NewSchemaAsync();

    protected override IStateStore Open() => new PostgresStateStore(_options);

    // The header is written last: a commit fails after its pages and dead letters went in.
    protected override void BreakWrites(int partition) => _options.Break("shard");

    protected override void MendWrites(int partition) => _options.Mend("shard");

    [Fact]
    public async Task Commit_WhenItHasMoreThanOneStatementHolds_WritesEveryPageOnce()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        for (int round = 0; round < 2; round++)
        {
            using var commit = new ShardCommit(Header(round + 1));
            for (int page = 0; page < 700; page++)
            {
                commit.AddPage(page, 15_000).Fill((byte)(page + round));
            }
            await store.CommitAsync(0, epoch, commit, default);
        }
        int number = 0;
        await foreach (Memory<byte> page in store.ReadPagesAsync(0, default))
        {
            Assert.Equal(15_000, page.Length);
            Assert.Equal(-1, page.Span.IndexOfAnyExcept((byte)(number + 1)));
            number++;
        }
        Assert.Equal(700, number);
    }

    [Fact]
    public async Task TakeEpoch_WhenACommitIsUnderWay_WaitsForItAndThenSeesIt()
    {
        await using IStateStore store = Open();
        long epoch = await store.TakeEpochAsync(0, default);
        await using NpgsqlConnection committing = _options.Open();
        committing.Execute("BEGIN");
        committing.Execute("SELECT epoch FROM owner WHERE partition = 0 FOR UPDATE");
        Task<long> taking = store.TakeEpochAsync(0, default);
        // The server itself says that the increment waits for the commit.
        await Until.TrueAsync(() =>
            committing.Execute("SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%owner%'") is not null,
            TimeSpan.FromSeconds(60));
        Assert.False(taking.IsCompleted);
        committing.Execute("COMMIT");
        Assert.Equal(epoch + 1, await taking);
    }

    [Fact]
    public async Task TakeEpoch_WhenTheOwnerStoppedInsideItsCommit_GetsThroughBeforeTheLockTimeout()
    {
        PostgresOptions options = _options with { LockTimeout = TimeSpan.FromSeconds(20) };
        await using var store = new PostgresStateStore(options);
        long epoch = await store.TakeEpochAsync(0, default);
        await using var stopped = new PostgresDatabase(options with { LockTimeout = TimeSpan.FromSeconds(1) });
        await using NpgsqlConnection session = await stopped.OpenAsync(default);
        // In one command: a pause of ours between the two would end the session before it has the lock.
        session.Execute("BEGIN; SELECT epoch FROM owner WHERE partition = 0 FOR UPDATE");
        Assert.Equal(epoch + 1, await store.TakeEpochAsync(0, default));
        // When it wakes up, its transaction is gone.
        Assert.ThrowsAny<NpgsqlException>(() => session.Execute("COMMIT"));
    }

    [Fact]
    public async Task Commit_WhenAnotherSessionHoldsTheOwnersRow_TimesOutWithoutHarmToReaders()
    {
        await using var store = new PostgresStateStore(_options with { LockTimeout = TimeSpan.FromMilliseconds(300) });
        long epoch = await store.TakeEpochAsync(0, default);
        await store.CommitAsync(0, epoch, CommitOf(1), default);
        await using (NpgsqlConnection holder = _options.Open())
        {
            holder.Execute("BEGIN");
            holder.Execute("SELECT * FROM owner FOR UPDATE");
            var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => store.CommitAsync(0, epoch, CommitOf(2), default));
            Assert.Contains("another session kept a lock", e.Message);
            Assert.Equal(1, (await store.ReadHeaderAsync(0, default))!.Position);
            Assert.Empty(await store.ReadDeadLettersAsync(0, 10, default));
        }
        await store.CommitAsync(0, epoch, CommitOf(3), default);
        Assert.Equal(3, (await store.ReadHeaderAsync(0, default))!.Position);
    }

    [Fact]
    public async Task ReadPages_WhenTheCallerStopsEarly_LetsGoOfTheConnection()
    {
        await using var store =
            new PostgresStateStore(_options with { ConnectionString = $"{_options.ConnectionString};Maximum Pool Size=1" });
        long epoch = await store.TakeEpochAsync(0, default);
        using (var commit = new ShardCommit(Header(1)))
        {
            for (int page = 0; page < 200; page++)
            {
                commit.AddPage(page, 15_000).Fill(1);
            }
            await store.CommitAsync(0, epoch, commit, default);
        }
        await foreach (Memory<byte> _ in store.ReadPagesAsync(0, default))
        {
            break;
        }
        Assert.Equal(1, (await store.ReadHeaderAsync(0, default))!.Position);
    }

    private static ShardCommit CommitOf(long position)
    {
        var commit = new ShardCommit(Header(position));
        commit.AddPage(0, 100).Fill((byte)position);
        return commit;
    }
}
