using Foretell.Cli.Cluster;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Foretell.Web.Http;

namespace Foretell.Stores.Postgres.Tests;

/// <summary>The engine over PostgreSQL: what it computes is what it computes over SQLite.</summary>
[Collection(PostgresServer.Name)]
public sealed class PostgresPlatformTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();
    private PostgresOptions _options = null!;

    public async ValueTask InitializeAsync() => _options = await server.NewSchemaAsync();

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Digest_WhenStoppedCrashedAndStartedAgain_IsThatOverSqlite()
    {
        List<(string, long, string)> events = Small.Workload(3000, 80, _time.NowTicks);
        EmbeddedPlatform expected = await OpenAsync(Sqlite(partitions: 3));
        EmbeddedPlatform platform = await OpenAsync(Postgres(_options));
        (string, long, string)[][] parts = [.. events.Chunk(500)];
        for (int i = 0; i < parts.Length; i++)
        {
            await FeedAsync(expected, parts[i]);
            await FeedAsync(platform, parts[i]);
            if (i % 2 == 0)
            {
                await platform.CommitAsync();
            }
            Assert.Equal(await SummaryAsync(expected), await SummaryAsync(platform));
            // By turns a stop, which commits, and an end without one.
            await (i % 3 == 0 ? platform.DisposeAsync() : platform.AbandonAsync());
            platform = await OpenAsync(Postgres(_options));
            await platform.DrainAsync(default);
            Assert.Equal(await SummaryAsync(expected), await SummaryAsync(platform));
        }
        Assert.NotEqual(0, platform.Status().DeadLetters);
        await platform.DisposeAsync();
        await expected.DisposeAsync();
    }

    [Fact]
    public async Task Applied_WhenAnotherProcessAppends_IncludesItsEvents()
    {
        await using EmbeddedPlatform platform = await OpenAsync(Postgres(_options, TimeProvider.System));
        await using IEventLog gateway = await PostgresEventLog.OpenAsync(_options, null, TimeProvider.System);
        for (int i = 0; i < 20; i++)
        {
            AppendReceipt receipt =
                await gateway.AppendAsync(EventSets.Batch(("a", i * EventTime.PerSecond, "view"), ("b", i * EventTime.PerSecond, "buy")));
            await platform.WaitAppliedAsync(receipt.Position, default);
            Assert.Equal(i + 1, (await platform.FindAsync("a", default))!.Events);
        }
    }

    [Fact]
    public async Task Commit_WhenAnotherPlatformTookOver_IsRefusedAndTheShardStops()
    {
        await using EmbeddedPlatform old = await OpenAsync(Postgres(_options));
        await FeedAsync(old, [("a", _time.NowTicks, "view")]);
        using var second = new TemporaryFolder();
        await using EmbeddedPlatform newer = await OpenAsync(Postgres(_options));
        await newer.DrainAsync(default);
        await Assert.ThrowsAsync<StaleEpochException>(old.CommitAsync);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => old.OverdueAsync(new OverdueQuestion(_time.NowTicks, 1), default));
        Assert.Equal(1, (await newer.FindAsync("a", default))!.Events);
    }

    [Fact]
    public async Task Open_WhenTheStoreIsAwayAtFirst_LoadsOnceItIsBack()
    {
        await using (EmbeddedPlatform first = await OpenAsync(Postgres(_options)))
        {
            await FeedAsync(first, [("a", _time.NowTicks, "view")]);
        }
        _options.Execute("ALTER TABLE owner RENAME TO away");
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Postgres(_options, TimeProvider.System));
        await Until.TrueAsync(() => platform.Status().Problems.Count > 0, s_limit);
        Assert.Contains("The store cannot be written", platform.Status().Problems[0]);
        await Assert.ThrowsAsync<PlatformUnavailableException>(async () => await platform.FindAsync("a", default));
        _options.Execute("ALTER TABLE away RENAME TO owner");
        await platform.Ready;
        Assert.Equal(1, (await platform.FindAsync("a", default))!.Events);
        Assert.Empty(platform.Status().Problems);
    }

    [Fact]
    public async Task Digest_WhenTheServerIsLostInBetween_IsThatOverSqlite()
    {
        await using ThrowawayPostgres lost = await ThrowawayPostgres.CreateAsync();
        var options = new PostgresOptions { ConnectionString = lost.ConnectionString };
        await PostgresSchema.MigrateAsync(options);
        (string, long, string)[][] parts = [.. Small.Workload(1500, 60, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow)).Chunk(300)];
        await using EmbeddedPlatform expected = await OpenAsync(Sqlite(partitions: 3) with { Time = TimeProvider.System });
        await using EmbeddedPlatform platform =
            await OpenAsync(Postgres(options, TimeProvider.System) with { CommitInterval = TimeSpan.FromMilliseconds(20) });
        for (int i = 0; i < parts.Length; i++)
        {
            await FeedAsync(expected, parts[i]);
            await FeedAsync(platform, parts[i], $"part {i}");
            await (i % 2 == 0 ? lost.KillAsync() : lost.StopAsync());
            // What is in memory is answered all the same.
            Assert.NotNull(await platform.FindAsync("user/0", default));
            await Assert.ThrowsAsync<PlatformUnavailableException>(() =>
                platform.AppendAsync(EventSets.Batch(("a", 1, "")), null, default));
            await lost.StartAsync();
        }
        await platform.DrainAsync(default);
        Assert.Equal(await SummaryAsync(expected), await SummaryAsync(platform));
        await Until.TrueAsync(() => platform.Status().Problems.Count == 0, s_limit);
    }

    private EmbeddedOptions Sqlite(int partitions) => new()
    {
        OpenStorage = SqliteStorage.In(Path.Combine(_directory.Path, "sqlite"), partitions),
        Model = Small.Model,
        Threads = 2,
        Time = _time,
    };

    private EmbeddedOptions Postgres(PostgresOptions options, TimeProvider? time = null) => new()
    {
        OpenStorage = PostgresStorage.In(options, 5),
        Model = Small.Model,
        Threads = 2,
        Time = time ?? _time,
    };

    private static async Task<EmbeddedPlatform> OpenAsync(EmbeddedOptions options)
    {
        EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options);
        await platform.Ready;
        return platform;
    }

    private static async Task FeedAsync(EmbeddedPlatform platform, (string, long, string)[] events, string? key = null)
    {
        while (true)
        {
            try
            {
                AppendReceipt receipt =
                    await platform.AppendAsync(EventSets.Batch(events), key is null ? null : EventSets.Key(key), default);
                await platform.WaitAppliedAsync(receipt.Position, default);
                return;
            }
            catch (PlatformUnavailableException) when (key is not null)
            {
                // The same key again: the events count once.
            }
        }
    }

    private static async Task<(string, long, long, long, long)> SummaryAsync(EmbeddedPlatform platform)
    {
        PlatformStatus s = platform.Status();
        return (await platform.StateDigestAsync(default), s.Streams, s.EventsApplied, s.DeadLetters, s.UnknownMarks);
    }
}
