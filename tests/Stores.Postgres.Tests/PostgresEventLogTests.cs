using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Stores.Contract;
using Foretell.Support;
using Npgsql;

namespace Foretell.Stores.Postgres.Tests;

[Collection(PostgresServer.Name)]
public sealed class PostgresEventLogTests(PostgresServer server) : EventLogContract
{
    private PostgresOptions _options = null!;

    protected override LogCapabilities Capabilities => LogCapabilities.All;

    public override async ValueTask InitializeAsync() => _options = await server.NewSchemaAsync();

    protected override async Task<IEventLog> OpenAsync(int? partitions = 4) => await PostgresEventLog.OpenAsync(_options, partitions, Time);

    protected override void BreakWrites() => _options.Break("segment");

    protected override void MendWrites() => _options.Mend("segment");

    protected override IDisposable HoldWrites() => _options.Lock("partition");

    [Fact]
    public async Task Open_WhenPartitionCountDiffers_SaysBothNumbers()
    {
        await (await OpenAsync(4)).DisposeAsync();
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(5));
        Assert.Contains("4 partitions", e.Message);
        Assert.Contains("5", e.Message);
    }

    [Fact]
    public async Task Open_WhenManyOpenANewLogAtOnce_AgreesOnOneCount()
    {
        IEventLog[] logs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => OpenAsync(null))));
        Assert.All(logs, log => Assert.Equal(8, log.PartitionCount));
        Assert.Equal(8L, _options.Execute("SELECT count(*) FROM partition"));
        await Task.WhenAll(logs.Select(log => log.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Append_WhenManyProcessesAppend_IsSeenWithoutAGapByAReaderThatLooksAllTheTime()
    {
        const int Logs = 3, Callers = 4, Appends = 60, PerAppend = 7;
        await using IEventLog watched = await OpenSystemAsync();
        IEventLog[] logs = await Task.WhenAll(Enumerable.Range(0, Logs).Select(_ => OpenSystemAsync()));
        using var stop = new CancellationTokenSource();
        Task<int>[] watchers = [.. Enumerable.Range(0, 3).Select(partition => Task.Run(() => WatchAsync(partition, stop.Token)))];
        await Task.WhenAll(logs.SelectMany((log, l) => Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(100 * l + caller);
            for (int a = 0; a < Appends; a++)
            {
                // Different partitions in different orders: whoever took locks as they come would soon wait in a circle.
                EventBatch batch =
                    EventSets.Batch(
                    [.. Enumerable.Range(0, PerAppend).Select(i => ($"s{random.Next(50)}", (long)(a * PerAppend + i), $"{l}/{caller}"))]);
                await log.AppendAsync(batch, a % 3 == 0 ? EventSets.Key($"{l}/{caller}/{a}") : null);
            }
        }))));
        await stop.CancelAsync();
        await Task.WhenAll(watchers);
        Assert.All(watchers, watcher => Assert.NotEqual(0, watcher.Result));

        await watched.RefreshAsync(default);
        var records = new List<EventSets.Read>();
        for (int p = 0; p < 4; p++)
        {
            List<EventSets.Read> partition = await watched.ReadAllAsync(p);
            Assert.Equal(Enumerable.Range(1, partition.Count).Select(i => (long)i), partition.Select(r => r.Sequence));
            Assert.Equal(partition.Select(r => r.AppendTicks).Order(), partition.Select(r => r.AppendTicks));
            Assert.All(partition.GroupBy(r => r.Mark), caller =>
                Assert.Equal(caller.Select(r => r.TimeTicks).Order(), caller.Select(r => r.TimeTicks)));
            records.AddRange(partition);
        }
        Assert.Equal(Logs * Callers * Appends * PerAppend, records.Count);
        foreach (IEventLog log in logs)
        {
            await log.DisposeAsync();
        }

        // Looks at the tables themselves: whatever is visible must reach from 1 to the end without a gap.
        async Task<int> WatchAsync(int partition, CancellationToken until)
        {
            await using NpgsqlConnection connection = _options.Open();
            int looks = 0;
            for (long seen = 0; !until.IsCancellationRequested; looks++)
            {
                await using var command =
                    new NpgsqlCommand(
                    "SELECT coalesce(sum(count), 0)::bigint, coalesce(max(first + count - 1), 0) FROM segment WHERE partition = $1",
                    connection);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = partition });
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
                await reader.ReadAsync(CancellationToken.None);
                Assert.Equal(reader.GetInt64(0), reader.GetInt64(1));
                Assert.True(reader.GetInt64(1) >= seen);
                seen = reader.GetInt64(1);
            }
            return looks;
        }
    }

    [Fact]
    public async Task Read_WhenAnotherProcessAppends_IsWokenAndReadsInOrder()
    {
        await using IEventLog writer = await OpenSystemAsync(), reading = await OpenSystemAsync();
        int partition = EventSets.PartitionOf("a", 4);
        await using ILogReader reader = reading.OpenReader(partition, 0);
        var batch = new RecordBatch();
        for (long i = 1; i <= 100; i++)
        {
            Task waiting = reader.WaitAsync(default);
            await writer.AppendAsync(EventSets.Batch(("a", i, "")));
            await waiting;
            Assert.Equal(1, await reader.ReadAsync(batch, 10, default));
            Assert.Equal((i, i), (batch.FirstSequence, batch[0].TimeTicks));
        }
    }

    [Fact]
    public async Task Append_WhenCallersWaitTogether_JoinsThemInFewTransactions()
    {
        await using IEventLog log = await OpenAsync(1);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => log.AppendAsync(EventSets.Batch(("a", i, "")))));
        Assert.Equal(1000L, _options.Execute("SELECT sum(count)::bigint FROM segment"));
        Assert.InRange((long)_options.Execute("SELECT count(*) FROM segment")!, 1, 500);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), (await log.ReadAllAsync(0)).Select(r => r.TimeTicks));
    }

    [Fact]
    public async Task Append_WhenAnotherSessionHoldsTheCounter_TimesOutWithoutHarmToReaders()
    {
        await using IEventLog log =
            await PostgresEventLog.OpenAsync(_options with { LockTimeout = TimeSpan.FromMilliseconds(300) }, 4, TimeProvider.System);
        int blocked = EventSets.PartitionOf("a", 4);
        string free = Enumerable.Range(0, 100).Select(i => $"free {i}").First(s => EventSets.PartitionOf(s, 4) != blocked);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await using (NpgsqlConnection holder = _options.Open())
        {
            holder.Execute("BEGIN");
            holder.Execute($"SELECT * FROM partition WHERE partition = {blocked} FOR UPDATE");
            var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() =>
                log.AppendAsync(EventSets.Batch(("a", 2, "")), EventSets.Key("k")));
            Assert.Contains("another session kept a lock", e.Message);
            Assert.NotNull(log.Problem);
            // Readers go on, and so do appends to other partitions.
            Assert.Single(await log.ReadAllAsync(blocked));
            await log.RefreshAsync(default);
            await log.AppendAsync(EventSets.Batch((free, 3, "")));
            Assert.Null(log.Problem);
        }
        Assert.False((await log.AppendAsync(EventSets.Batch(("a", 2, "")), EventSets.Key("k"))).Replayed);
        Assert.Equal([1, 2], (await log.ReadAllAsync(blocked)).Where(r => r.Key == "a").Select(r => r.TimeTicks));
    }

    [Fact]
    public async Task Append_WhenItsSessionsAreEnded_GoesOnWithNewOnes()
    {
        await using IEventLog log = await OpenAsync(1);
        for (int i = 0; i < 5; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, "")));
            _options.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'foretell'");
        }
        Assert.Equal(5, (await log.ReadAllAsync(0)).Count);
    }

    [Fact]
    public async Task Append_WhenKeysAreOld_AreForgottenInTime()
    {
        await using IEventLog log = await PostgresEventLog.OpenAsync(_options, 1, new Coarse(Time));
        for (int i = 0; i < 5; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, "")), EventSets.Key($"k{i}"));
        }
        Time.Advance(TimeSpan.FromHours(25));
        await log.AppendAsync(EventSets.Batch(("a", 9, "")), EventSets.Key("new"));
        // Closing waits for what goes on behind the answer.
        await log.DisposeAsync();
        Assert.Equal(1L, _options.Execute("SELECT count(*) FROM request"));
    }

    [Fact]
    public async Task Append_WhenTheServerForgotRecords_StopsAndSaysSo()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, ""), ("a", 2, "")));
        await using ILogReader reader = log.OpenReader(0, 2);
        Task waiting = reader.WaitAsync(default);
        _options.Execute("UPDATE partition SET sequence = 1, events = 1");
        await Assert.ThrowsAsync<InvalidDataException>(() => log.RefreshAsync(default));
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => waiting);
        Assert.Contains("ended at record 2 and ends at record 1 now", e.Message);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 3, ""))));
        Assert.Contains("lost acknowledged records", log.Problem);
    }

    [Fact]
    public async Task Append_WhenTheServerForgotRecords_WritesNothingBehindThem()
    {
        // Asks seldom, so that it is the append that finds out.
        await using IEventLog log = await PostgresEventLog.OpenAsync(_options with { PollInterval = TimeSpan.FromMinutes(10) }, 1, Time);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        await log.RefreshAsync(default);
        Assert.False(PlatformStatus.Sum([null], log, Time.NowTicks).RecordsLost);
        _options.Execute("UPDATE partition SET sequence = 1, events = 1; DELETE FROM segment WHERE first = 2");
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 3, ""))));
        Assert.Contains("ended at record 2 and ends at record 1 now", log.Lost!.Message);
        Assert.True(PlatformStatus.Sum([null], log, Time.NowTicks).RecordsLost);
        Assert.Equal(1L, _options.Execute("SELECT count(*) FROM segment"));
    }

    [Fact]
    public async Task Append_WhenWhatItKnewLastWasTrimmedByAnotherProcess_GoesOn()
    {
        // Asks seldom, and gets no notification: the new session finds the last known record gone.
        await using IEventLog log = await PostgresEventLog.OpenAsync(_options with { PollInterval = TimeSpan.FromMinutes(10) }, 1, Time);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        _options.Execute("""
            INSERT INTO segment SELECT partition, first + count, count, append + 1, crc, records FROM segment;
            UPDATE partition SET sequence = sequence + 1, events = events + 1, append = append + 1;
            DELETE FROM segment WHERE first = 1;
            INSERT INTO trimmed SELECT 0, 1, append - 1 FROM partition;
            """);
        _options.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'foretell'");
        Assert.Equal("0-3", (await log.AppendAsync(EventSets.Batch(("a", 3, "")))).Position.ToString());
        Assert.Null(log.Lost);
        await log.RefreshAsync(default);
        Assert.Equal(1, log.Trimmed(0));
    }

    [Fact]
    public async Task Append_WhenAnotherServerHasOtherRecordsInTheirPlace_StopsAndSaysSo()
    {
        await using IEventLog log = await OpenAsync(2);
        for (int i = 0; i < 8; i++)
        {
            await log.AppendAsync(EventSets.Batch(($"s{i}", 1, "")));
        }
        // As if a standby without the last record had taken over, and others had appended to it since.
        _options.Execute("""
            UPDATE segment SET append = append + 1 WHERE partition = 0 AND first = (SELECT max(first) FROM segment WHERE partition = 0);
            INSERT INTO segment SELECT partition, first + count, count, append + 1, crc, records FROM segment WHERE partition = 0 ORDER BY first DESC LIMIT 1;
            UPDATE partition SET sequence = sequence + 1, events = events + 1, append = append + 2 WHERE partition = 0;
            """);
        _options.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'foretell'");
        await Assert.ThrowsAsync<PlatformUnavailableException>(async () =>
        {
            // A session that the pool believes in may have to fail first.
            await log.AppendAsync(EventSets.Batch(("s0", 2, "")));
            await log.AppendAsync(EventSets.Batch(("s1", 2, "")));
        });
        Assert.Contains("of partition 0", log.Lost!.Message);
        Assert.Contains("is gone, or another one", log.Problem);
    }

    [Theory]
    [InlineData("UPDATE segment SET records = set_byte(records, 10, get_byte(records, 10) # 1) WHERE first = 2", "fails its checksum")]
    [InlineData("DELETE FROM segment WHERE first = 2", "is missing")]
    public async Task Read_WhenASegmentIsDamaged_NamesTheRecordAndHandsOutThoseBefore(string damage, string what)
    {
        await using IEventLog log = await OpenAsync(1);
        for (int i = 1; i <= 3; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, "")));
        }
        _options.Execute(damage);
        await using ILogReader reader = log.OpenReader(0, 0);
        var batch = new RecordBatch();
        Assert.Equal(1, await reader.ReadAsync(batch, 10, default));
        var e = await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync(batch, 10, default));
        Assert.Contains($"record 2 of partition 0 {what}", e.Message);
    }

    private async Task<IEventLog> OpenSystemAsync() => await PostgresEventLog.OpenAsync(_options, 4, TimeProvider.System);

    /// <summary>A clock whose timestamps follow its time of day, so that intervals pass when a test says so.</summary>
    private sealed class Coarse(TestTime time) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => time.NowTicks;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
