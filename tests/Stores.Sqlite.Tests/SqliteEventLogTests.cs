using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Stores.Contract;
using Foretell.Support;

namespace Foretell.Stores.Sqlite.Tests;

public sealed class SqliteEventLogTests : EventLogContract
{
    private string LogPath => Directory.At("log.db");

    protected override Task<IEventLog> OpenAsync(int? partitions = 4) =>
        Task.FromResult<IEventLog>(SqliteEventLog.Open(LogPath, partitions, Time));

    protected override void BreakWrites() =>
        Execute("CREATE TRIGGER broken BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");

    protected override void MendWrites() => Execute("DROP TRIGGER broken");

    protected override IDisposable HoldWrites()
    {
        SqliteDatabase holder = SqliteDatabase.Open(LogPath);
        holder.Execute("BEGIN IMMEDIATE");
        return holder;
    }

    [Fact]
    public async Task Open_WhenPartitionCountDiffers_SaysBothNumbers()
    {
        await (await OpenAsync(4)).DisposeAsync();
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(5));
        Assert.Contains("4 partitions", e.Message);
        Assert.Contains("5", e.Message);
    }

    [Fact]
    public async Task Trim_WhenTheDiskCannotBeWritten_SaysUnavailableAndAppendsGoOn()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        Execute("CREATE TRIGGER broken BEFORE INSERT ON trimmed BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
        var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.TrimAsync(0, 1, EventTime.Max, default));
        Assert.StartsWith("The log cannot be trimmed: ", e.Message);
        Assert.Null(log.Problem);
        await log.AppendAsync(EventSets.Batch(("a", 3, "")));
        Assert.Equal((0, 3), (log.Trimmed(0), (await log.ReadAllAsync(0)).Count));

        Execute("DROP TRIGGER broken");
        await log.TrimAsync(0, 1, EventTime.Max, default);
        Assert.Equal((1, 2), (log.Trimmed(0), (await log.ReadAllAsync(0, after: 1)).Count));
    }

    [Fact]
    public async Task Log_WhenItsSchemaIsDamagedWhileItIsOpen_SaysSoToWhoeverReadsOrWrites()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        Execute("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(', '}') WHERE name = 'segment'; PRAGMA schema_version = 99");

        string[] told =
        [
            (await Assert.ThrowsAsync<InvalidDataException>(() => log.ReadAllAsync(0))).Message,
            (await Assert.ThrowsAsync<InvalidDataException>(async () => await log.FindControlAsync("model", default))).Message,
            (await Assert.ThrowsAsync<InvalidDataException>(async () => await log.ReadSourceAsync("hub", default))).Message,
        ];
        Assert.All(told, message => Assert.Matches("^The log .* is damaged: SQLite: malformed database schema .* Copy the data directory", message));
        var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => log.AppendAsync(EventSets.Batch(("a", 2, ""))));
        Assert.EndsWith("It is damaged: the host's operator has to repair it.", e.Message);
        Assert.Contains("Copy the data directory", log.Problem);
    }

    [Fact]
    public async Task Trim_WhenASegmentIsDamaged_RemovesNothingOfIt()
    {
        await using IEventLog log = await OpenAsync(1);
        for (int i = 0; i < 3; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, "")));
        }
        Execute("UPDATE segment SET append = append - 1 WHERE id = 2");
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => log.TrimAsync(0, 2, EventTime.Max, default));
        Assert.Contains("the segment with record 2 of partition 0 fails its checksum", e.Message);
        Assert.Equal(0, log.Trimmed(0));
        await log.TrimAsync(0, 1, EventTime.Max, default);
        Assert.Equal(1, log.Trimmed(0));
    }

    [Fact]
    public async Task Open_WhenTheRowOfWhatWasTrimmedIsDamaged_Refuses()
    {
        await using (IEventLog log = await OpenAsync(1))
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, "")));
            await log.AppendAsync(EventSets.Batch(("a", 2, "")));
            await log.TrimAsync(0, 1, EventTime.Max, default);
        }
        Execute("UPDATE trimmed SET sequence = 0");
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(1));
        Assert.Contains("how far partition 0 was trimmed", e.Message);
    }

    [Fact]
    public async Task Open_WhenNothingIsAsked_TakesEightPartitions()
    {
        await using IEventLog log = await OpenAsync(null);
        Assert.Equal(8, log.PartitionCount);
    }

    [Fact]
    public async Task Open_WhenFileIsNoDatabase_SaysSo()
    {
        await File.WriteAllTextAsync(LogPath, string.Concat(Enumerable.Repeat("This is a text. ", 300)));
        await Assert.ThrowsAsync<StorageException>(() => OpenAsync());
    }

    [Fact]
    public async Task Open_WhenTheLogHasNoTracesYet_GivesThemRoom()
    {
        await using (IEventLog log = await OpenAsync(1))
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        }
        Execute($"""
            ALTER TABLE segment DROP COLUMN trace; ALTER TABLE segment DROP COLUMN seal; ALTER TABLE control DROP COLUMN seal;
            ALTER TABLE request DROP COLUMN seal; DROP TABLE source; DROP TABLE trimmed; ALTER TABLE log DROP COLUMN identity;
            ALTER TABLE log DROP COLUMN unsealed; ALTER TABLE log DROP COLUMN seal; UPDATE log SET format = 1
            """);

        await using IEventLog reopened = await OpenAsync(1);
        using var recorder = new TraceRecorder();
        using (recorder.Begin())
        {
            await reopened.AppendAsync(EventSets.Batch(("a", 2, "")));
        }
        var batch = new RecordBatch();
        await using ILogReader reader = reopened.OpenReader(0, 0);
        Assert.Equal(2, await reader.ReadAsync(batch, 10, default));
        Assert.Equal(2, Assert.Single(batch.Traces.All).First);
    }

    [Fact]
    public async Task Read_WhenASegmentIsDamaged_NamesTheRecord()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        Execute("UPDATE segment SET records = zeroblob(length(records)) WHERE id = 2");
        await using ILogReader reader = log.OpenReader(0, 0);
        var batch = new RecordBatch();
        // The record before the damage is still handed out.
        Assert.Equal(1, await reader.ReadAsync(batch, 10, CancellationToken.None));
        var e = await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync(batch, 10, CancellationToken.None));
        Assert.Contains("record 2 of partition 0", e.Message);
    }

    [Fact]
    public async Task Read_WhenASegmentIsNoRecordsUnderARightChecksum_NamesTheRecord()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        byte[] hostile = [.. EventSets.Batch(("a", 2, "")).Records];
        // A mark that ends 64 kB behind the segment.
        (hostile[11], hostile[12]) = (0xFF, 0xFF);
        Execute($"UPDATE segment SET records = x'{Convert.ToHexString(hostile)}', crc = {Crc32C.Compute(hostile)} WHERE id = 2");
        await using ILogReader reader = log.OpenReader(0, 0);
        var batch = new RecordBatch();
        Assert.Equal(1, await reader.ReadAsync(batch, 10, CancellationToken.None));
        var e = await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync(batch, 10, CancellationToken.None));
        Assert.Contains("record 2 of partition 0", e.Message);
    }

    [Fact]
    public async Task Read_WhenASegmentIsMissing_NamesTheRecord()
    {
        await using IEventLog log = await OpenAsync(1);
        await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        Execute("DELETE FROM segment WHERE id = 1");
        await using ILogReader reader = log.OpenReader(0, 0);
        var e = await Assert.ThrowsAsync<InvalidDataException>(async () =>
            await reader.ReadAsync(new RecordBatch(), 10, CancellationToken.None));
        Assert.Contains("record 1 of partition 0", e.Message);
    }

    [Fact]
    public async Task Append_WhenCallersWaitTogether_JoinsThemInFewTransactions()
    {
        await using IEventLog log = await OpenAsync(1);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => log.AppendAsync(EventSets.Batch(("a", i, "")))));
        using SqliteDatabase database = SqliteDatabase.OpenReadOnly(LogPath);
        SqliteStatement count = database.Prepare("SELECT count(*), sum(count) FROM segment");
        Assert.True(count.Step());
        Assert.Equal(1000, count.Int64(1));
        Assert.InRange(count.Int64(0), 1, 500);
    }

    private void Execute(string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(LogPath);
        database.Execute(sql);
    }
}
