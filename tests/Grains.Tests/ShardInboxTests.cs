using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Grains.Contracts;
using Foretell.Grains.Shards;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Grains.Tests;

public sealed class ShardInboxTests
{
    private readonly TestTime _time = new();

    [Fact]
    public async Task Apply_WhenDeadLettersWaitForTheStore_RefusesTheBatchUntilItIsWritten()
    {
        using var folder = new TemporaryFolder();
        await using SqliteEventLog log = SqliteEventLog.Open(folder.At("log.db"), 1, _time);
        await using var store = new SqliteStateStore(folder.Path);
        await using var host =
            new PartitionHost(new Shard(0, Small.Serving), log, store, new PartitionHostOptions { Time = _time }, NullLogger.Instance);
        host.Start();
        await host.Ready;
        using var workers = new WorkerThreads(1);
        var inbox = new ShardInbox(host, workers);
        long future = _time.NowTicks + TimeSpan.FromDays(2).Ticks;
        await log.AppendAsync(EventSets.Batch(
            [.. Enumerable.Range(0, Shard.MostUncommittedDeadLetters + 1).Select(i => ($"s{i}", future, ""))]));
        using SqliteDatabase file = SqliteDatabase.Open(folder.At("shard-0000.db"));
        file.Execute("CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
        Assert.True(await inbox.ApplyAsync(await BatchAsync(log, host.Epoch, 0, Shard.MostUncommittedDeadLetters)));

        ReaderBatch last = await BatchAsync(log, host.Epoch, Shard.MostUncommittedDeadLetters, 1);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => inbox.ApplyAsync(last));
        Assert.Equal(Shard.MostUncommittedDeadLetters, inbox.Position);

        file.Execute("DROP TRIGGER broken");
        Assert.True(await inbox.ApplyAsync(last));
        Assert.Equal(last.Last, inbox.Position);
        Assert.Single(host.Answer(shard => shard.UncommittedDeadLetters()));
    }

    private static async Task<ReaderBatch> BatchAsync(SqliteEventLog log, long epoch, long after, int records)
    {
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(0, after);
        await reader.ReadAsync(batch, records, default);
        Assert.Equal(records, batch.Count);
        return new ReaderBatch(epoch, after, batch.LastSequence, batch.Encode());
    }
}
