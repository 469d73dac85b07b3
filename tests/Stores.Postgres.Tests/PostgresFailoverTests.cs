using System.Collections.Concurrent;
using Foretell.Cli.Cluster;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Support;

namespace Foretell.Stores.Postgres.Tests;

/// <summary>A server that is stopped, killed and started again under appends and commits; each test has a server of its own.</summary>
public sealed class PostgresFailoverTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private ThrowawayPostgres _server = null!;
    private PostgresOptions _options = null!;

    public async ValueTask InitializeAsync()
    {
        PostgresServer.SkipWithoutPostgres();
        _server = await ThrowawayPostgres.CreateAsync();
        _options = new PostgresOptions { ConnectionString = _server.ConnectionString };
        await PostgresSchema.MigrateAsync(_options);
    }

    public async ValueTask DisposeAsync() => await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Append_WhenServerIsLostAndComesBack_KeepsEveryAcknowledgedEventOnce(bool killed)
    {
        const int Callers = 6, Outages = 3;
        await using IEventLog log = await PostgresEventLog.OpenAsync(_options, 3, TimeProvider.System);
        await using IEventLog watching = await PostgresEventLog.OpenAsync(_options, 3, TimeProvider.System);
        var acknowledged = new ConcurrentDictionary<string, Position>();
        var outcomes = new SequenceSignal();
        long answers = 0, failures = 0;
        using var stop = new CancellationTokenSource();
        Task<List<long>>[] readers =
            [.. Enumerable.Range(0, 3).Select(partition => Task.Run(() => FollowAsync(watching, partition, stop.Token)))];
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(caller, stop.Token)))];

        for (int outage = 0; outage < Outages; outage++)
        {
            await outcomes.WaitAsync(outcomes.Value + 300, default);
            await (killed ? _server.KillAsync() : _server.StopAsync());
            await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("during", outage, ""))));
            // A group that was committed before the loss may report its success behind our failure; the next failure counts again.
            await Until.TrueAsync(() => log.Problem is not null, s_limit);
            await _server.StartAsync();
        }
        await outcomes.WaitAsync(outcomes.Value + 300, default);
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        await log.RefreshAsync(default);
        Assert.NotEqual(0, failures);
        Assert.Null(log.Problem);
        var found = new List<string>();
        for (int p = 0; p < 3; p++)
        {
            List<EventSets.Read> records = await log.ReadAllAsync(p);
            Assert.Equal(Enumerable.Range(1, records.Count).Select(i => (long)i), records.Select(r => r.Sequence));
            Assert.Equal(log.End(p).Sequence, records.Count);
            found.AddRange(records.Select(r => r.Key));
            // The reader of the other log went on by itself, in order and without a gap.
            List<long> followed = await readers[p];
            Assert.Equal(Enumerable.Range(1, followed.Count).Select(i => (long)i), followed);
            Assert.NotEmpty(followed);
        }
        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.Subset(found.ToHashSet(), acknowledged.Keys.ToHashSet());
        Assert.All(acknowledged, pair => Assert.Single(pair.Value.Parts));

        async Task CallAsync(int caller, CancellationToken until)
        {
            for (int i = 0; !until.IsCancellationRequested;)
            {
                string name = $"{caller}/{i}";
                try
                {
                    acknowledged[name] = (await log.AppendAsync(EventSets.Batch((name, i, "")), EventSets.Key(name))).Position;
                    outcomes.Publish(Interlocked.Increment(ref answers));
                    i++;
                }
                catch (PlatformUnavailableException)
                {
                    // The same key again, until somebody says that it is in the log.
                    Interlocked.Increment(ref failures);
                }
            }
        }
    }

    [Fact]
    public async Task Commit_WhenServerIsLostAndComesBack_FailsAsUnavailableAndThenGoesOn()
    {
        await using var store = new PostgresStateStore(_options);
        long epoch = await store.TakeEpochAsync(0, default);
        await store.CommitAsync(0, epoch, Commit(1), default);
        await _server.KillAsync();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => store.CommitAsync(0, epoch, Commit(2), default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => store.ReadHeaderAsync(0, default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(async () =>
            await store.ReadPagesAsync(0, default).GetAsyncEnumerator().MoveNextAsync());
        await _server.StartAsync();
        Assert.Equal(1, (await store.ReadHeaderAsync(0, default))!.Position);
        await store.CommitAsync(0, epoch, Commit(3), default);
        Assert.Equal(3, (await store.ReadHeaderAsync(0, default))!.Position);
    }

    [Fact]
    public async Task Problem_WhenServerComesBackAndNobodyAppends_GoesAway()
    {
        await using IEventLog log = await PostgresEventLog.OpenAsync(_options, 1, TimeProvider.System);
        await _server.StopAsync();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 1, ""))));
        Assert.NotNull(log.Problem);
        await _server.StartAsync();
        await Until.TrueAsync(() => log.Problem is null, s_limit);
    }

    private static async Task<List<long>> FollowAsync(IEventLog log, int partition, CancellationToken until)
    {
        var sequences = new List<long>();
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(partition, 0);
        while (!until.IsCancellationRequested)
        {
            try
            {
                await reader.WaitAsync(until);
                await reader.ReadAsync(batch, 100, until);
                sequences.AddRange(Enumerable.Range(0, batch.Count).Select(i => batch.FirstSequence + i));
            }
            catch (PlatformUnavailableException)
            {
                // The server is away; the reader stays where it is.
            }
            catch (OperationCanceledException)
            {
            }
        }
        return sequences;
    }

    private static ShardCommit Commit(long position)
    {
        var commit = new ShardCommit(new ShardHeader
        {
            Position = position,
            Policy = EventTimePolicy.Default,
            ModelId = "m",
            RowsPerPage = 1,
            Rows = 1,
            Totals = default,
        });
        commit.AddPage(0, 1000).Fill((byte)position);
        return commit;
    }
}
