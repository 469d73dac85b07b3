using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Stores.Sqlite.Maintenance;
using Foretell.Support;

namespace Foretell.Stores.Sqlite.Tests;

/// <summary>Check, repair, backup and restore of a data directory.</summary>
public sealed partial class MaintenanceTests : IDisposable
{
    private const int Partitions = 3, Appends = 80;

    private readonly TemporaryFolder _folder = new();
    private readonly TestTime _time = new();

    private string Data => _folder.At("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Check_WhenNothingIsDamaged_SaysWhatIsThereAndChangesNothing()
    {
        await WriteAsync();
        string before = Digest(Data);
        DirectoryFinding[] findings = [.. DataDirectoryCheck.Run(Data)];
        Assert.All(findings, finding => Assert.False(finding.IsDamage, finding.Message));
        Assert.Equal(["log.db", "shard-0000.db", "shard-0001.db", "shard-0002.db", "alerts.db"], findings.Select(f => f.File));
        Assert.Contains($"with {Partitions + Appends:N0} records in {Partitions} partitions", findings[0].Message);
        Assert.Equal(before, Digest(Data));
    }

    [Fact]
    public void Check_WhenThereIsNoDataDirectory_SaysSo() =>
        Assert.Contains("it is no data directory", Assert.Throws<StorageException>(() => DataDirectoryCheck.Run(_folder.Path)).Message);

    [Theory]
    [InlineData("log.db", "UPDATE segment SET append = 0 WHERE id % 7 = 3", "fails its checksum")]
    [InlineData("log.db", "DELETE FROM segment WHERE id IN (SELECT id FROM segment LIMIT 1 OFFSET 5)", "is missing")]
    [InlineData("log.db", "UPDATE control SET value = 'other'", "1 rows of table control fail their checksum")]
    [InlineData("log.db", "UPDATE source SET position = 3", "1 rows of table source fail their checksum")]
    [InlineData("log.db", "UPDATE request SET payload = x'00'", "rows of table request fail their checksum")]
    [InlineData("shard-0001.db", "UPDATE shard SET rows = rows", null)]
    [InlineData("shard-0001.db", "UPDATE shard SET unknown_marks = 9", "its header fails its checksum")]
    [InlineData("shard-0001.db", "UPDATE shard SET population = 'QQQQQQ=='", "what its streams show together fails its checksum")]
    [InlineData("shard-0001.db", "UPDATE page SET rows = zeroblob(100)", "page 0 fails its checksum")]
    [InlineData("shard-0001.db", "DELETE FROM page", "a page is missing, older than the header, or another's")]
    [InlineData("shard-0001.db", "UPDATE dead_letter SET reason = 'other'", "dead letter 4 fails its checksum")]
    [InlineData("shard-0001.db", "DELETE FROM dead_letter", "its header counts 1 dead letters, and it has 0 of them")]
    [InlineData("shard-0001.db", "UPDATE shard SET dead_letters = 2", "its header fails its checksum")]
    [InlineData("shard-0001.db", "UPDATE owner SET partition = 2", "the row that says whose it is fails its checksum")]
    public async Task Check_WhenARowIsDamaged_NamesFileAndRow(string file, string change, string? told)
    {
        await WriteAsync();
        Execute(file, change);
        DirectoryFinding[] damage = [.. DataDirectoryCheck.Run(Data).Where(finding => finding.IsDamage)];
        if (told is null)
        {
            Assert.Empty(damage);
            return;
        }
        Assert.All(damage, finding => Assert.Equal(file, finding.File));
        Assert.Contains(damage, finding => finding.Message.Contains(told));
    }

    [Fact]
    public async Task Repair_WhenNothingIsDamaged_DoesNothing()
    {
        await WriteAsync();
        string before = Digest(Data);
        Assert.Empty(DataDirectoryRepair.Run(Data, _time));
        Assert.Equal(before, Digest(Data));
    }

    /// <summary>One flipped bit costs the records of the page that it is in, and nothing else.</summary>
    [Theory]
    [InlineData("log.db")]
    [InlineData("log.db-wal")]
    public async Task Repair_WhenABitFlippedInTheLog_LosesNoMoreThanThatPageHeld(string file)
    {
        string killed = await KilledAsync(stopped: file == "log.db");
        byte[] whole = await File.ReadAllBytesAsync(Path.Combine(killed, file));
        var random = new Random(file.Length);
        int repaired = 0;
        for (int i = 0; i < 30; i++)
        {
            Restore(killed);
            byte[] flipped = [.. whole];
            int at = random.Next(whole.Length);
            flipped[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(Path.Combine(Data, file), flipped);
            bool damaged = DataDirectoryCheck.Run(Data).Any(finding => finding.IsDamage);
            string[] done = [.. DataDirectoryRepair.Run(Data, _time)];
            repaired += done.Length > 0 ? 1 : 0;
            Assert.True(done.Length == 0 || damaged, string.Join(" ", done));
            Assert.All(DataDirectoryCheck.Run(Data), finding => Assert.False(finding.IsDamage, $"{at}: {finding.Message}; {string.Join(" ", done)}"));
            (int events, int lost, bool keys) = await ReadAsync();
            Assert.Equal(Appends, events + lost);
            Assert.True(lost <= 12, $"{lost} records are lost by bit {at} of {whole.Length}: {string.Join(" ", done)}");
            Assert.True(keys || done.Length > 0);
        }
        Assert.InRange(repaired, 5, 30);
    }

    [Fact]
    public async Task Repair_WhenTheEndOfTheLogIsCutOff_PutsDeadLettersInItsPlace()
    {
        string killed = await KilledAsync();
        Restore(killed);
        using (FileStream wal = File.OpenWrite(Path.Combine(Data, "log.db-wal")))
        {
            wal.SetLength(wal.Length / 2);
        }
        string[] done = [.. DataDirectoryRepair.Run(Data, _time)];
        Assert.Contains(done, line => line.Contains("are lost; each is a dead letter now"));
        (int events, int lost, _) = await ReadAsync();
        Assert.Equal(Appends, events + lost);
        Assert.InRange(lost, 1, Appends / 2 + 10);
    }

    [Theory]
    [InlineData("log.ack")]
    [InlineData("shard-0001.db")]
    [InlineData("alerts.db")]
    public async Task Repair_WhenAFileIsBroken_PutsItAsideAndTheRestIsUntouched(string file)
    {
        await WriteAsync();
        byte[] broken = await File.ReadAllBytesAsync(Path.Combine(Data, file));
        Array.Fill(broken, (byte)0x5A, 0, Math.Min(200, broken.Length));
        await File.WriteAllBytesAsync(Path.Combine(Data, file), broken);
        string[] done = [.. DataDirectoryRepair.Run(Data, _time)];
        Assert.Contains(done, line => line.StartsWith(file));
        string aside = Assert.Single(Directory.GetDirectories(Data, "damaged-*"));
        Assert.Equal(broken, await File.ReadAllBytesAsync(Path.Combine(aside, file)));
        Assert.All(DataDirectoryCheck.Run(Data), finding => Assert.False(finding.IsDamage, finding.Message));
        Assert.Equal((Appends, 0, true), await ReadAsync());
    }

    [Fact]
    public async Task Repair_WhenAHostHasTheDirectory_Refuses()
    {
        await WriteAsync();
        await using PlatformStorage storage = await OpenAsync();
        Assert.Contains("in use by another process", Assert.Throws<StorageException>(() => DataDirectoryRepair.Run(Data, _time).ToArray()).Message);
    }

    [Fact]
    public async Task Backup_WhileAHostAppends_IsWholeAndOfOneMoment()
    {
        await WriteAsync();
        await using (PlatformStorage storage = await OpenAsync())
        {
            using var stop = new CancellationTokenSource();
            Task appends = Background.Run(async () =>
            {
                for (int i = 0; !stop.IsCancellationRequested; i++)
                {
                    await storage.Log.AppendAsync(EventSets.Batch(($"more {i}", _time.NowTicks, "")));
                }
            });
            for (int i = 0; i < 3; i++)
            {
                Assert.True(DataDirectoryBackup.Run(Data, _folder.At($"copy {i}")) > 0);
            }
            await stop.CancelAsync();
            await appends;
        }
        DataDirectoryBackup.Restore(_folder.At("copy 2"), _folder.At("restored"));
        Assert.All(DataDirectoryCheck.Run(_folder.At("restored")), finding => Assert.False(finding.IsDamage, finding.Message));
        Directory.Delete(Data, recursive: true);
        Directory.Move(_folder.At("restored"), Data);
        (int events, int lost, bool keys) = await ReadAsync();
        Assert.True(events >= Appends && lost == 0 && keys);
    }

    [Fact]
    public async Task Backup_OfDamage_IsNotKept()
    {
        await WriteAsync();
        Execute("log.db", "UPDATE segment SET append = 0 WHERE id = 5");
        var e = Assert.Throws<StorageException>(() => DataDirectoryBackup.Run(Data, _folder.At("copy")));
        Assert.Contains("was not kept, since it is damaged", e.Message);
        Assert.False(Directory.Exists(_folder.At("copy")));
    }

    [Fact]
    public async Task Restore_OverSomething_Refuses()
    {
        await WriteAsync();
        DataDirectoryBackup.Run(Data, _folder.At("copy"));
        Assert.Contains("is not empty", Assert.Throws<StorageException>(() => DataDirectoryBackup.Restore(_folder.At("copy"), Data)).Message);
        Assert.Contains("is not empty", Assert.Throws<StorageException>(() => DataDirectoryBackup.Run(Data, _folder.At("copy"))).Message);
        File.WriteAllBytes(Path.Combine(_folder.At("copy"), "log.ack"), [1, 2, 3]);
        Assert.Contains("The backup", Assert.Throws<StorageException>(() => DataDirectoryBackup.Restore(_folder.At("copy"), _folder.At("new"))).Message);
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    private Task<PlatformStorage> OpenAsync() => SqliteStorage.In(Data, Partitions)(_time, default);

    /// <summary>A log with control records, events, a source and keys, and stores with pages and dead letters.</summary>
    private async Task WriteAsync()
    {
        await using PlatformStorage storage = await OpenAsync();
        await FillAsync(storage);
    }

    private async Task FillAsync(PlatformStorage storage, int from = 0, int to = Appends)
    {
        if (from == 0)
        {
            await storage.Log.AppendControlAsync(ControlRecord.Model, "0123456789abcdef", default);
            await storage.Log.TakeSourceAsync(new SourcePartition("hub", "0"), default);
        }
        for (int i = from; i < to; i++)
        {
            var key = new IdempotentRequest($"key {i}", new byte[] { (byte)i }, new byte[] { 7 });
            await storage.Log.AppendAsync(EventSets.Batch(($"stream {i}", _time.NowTicks + i, "buy")), key, default);
        }
        if (from > 0)
        {
            return;
        }
        for (int p = 0; p < Partitions; p++)
        {
            using var commit = new ShardCommit(new ShardHeader
            {
                Position = 3, Policy = EventTimePolicy.OfNewLogs, ModelId = "0123456789abcdef", RowsPerPage = 4, Rows = 1,
                Totals = new ShardTotals(0, 1, 0), PagesCrc = PagesCrc(Page()),
            })
            {
                DeadLetters = [new DeadLetter(p, 4, "a", 1, null, null, 1, "late", "It was late.")],
            };
            Page().CopyTo(commit.AddPage(0, 32));
            await storage.Store.CommitAsync(p, await storage.Store.TakeEpochAsync(p, default), commit, default);
        }
    }

    /// <summary>The bytes of a page without a row: a check reads no rows.</summary>
    private static byte[] Page()
    {
        byte[] page = new byte[32];
        BitConverter.TryWriteBytes(page, Crc32C.Compute(page.AsSpan(4)));
        return page;
    }

    private static uint PagesCrc(byte[] page)
    {
        var all = new Engine.Rows.PageChecksums();
        Assert.Null(all.Add(page, 0));
        return all.Value;
    }

    /// <summary>The directory as a killed process leaves it: half of the log in its file, half in its write-ahead log; or as one that was
    /// stopped does, all of it in its file.</summary>
    private async Task<string> KilledAsync(bool stopped = false)
    {
        await using (PlatformStorage first = await OpenAsync())
        {
            await FillAsync(first, 0, stopped ? Appends : Appends / 2);
        }
        await using PlatformStorage? storage = stopped ? null : await OpenAsync();
        if (storage is not null)
        {
            await FillAsync(storage, Appends / 2, Appends);
        }
        string killed = _folder.At("killed");
        Directory.CreateDirectory(killed);
        foreach (string file in Directory.GetFiles(Data).Where(file => !file.EndsWith("-shm") && !file.EndsWith("lock")))
        {
            File.Copy(file, Path.Combine(killed, Path.GetFileName(file)));
        }
        return killed;
    }

    private void Restore(string killed)
    {
        Directory.Delete(Data, recursive: true);
        Directory.CreateDirectory(Data);
        foreach (string file in Directory.GetFiles(killed))
        {
            File.Copy(file, Path.Combine(Data, Path.GetFileName(file)));
        }
    }

    /// <summary>Opens the directory as a host does, and counts what it holds.</summary>
    /// <returns>Events; records that stand for lost ones; whether every idempotency key is known.</returns>
    private async Task<(int Events, int Lost, bool Keys)> ReadAsync(bool withKeys = true)
    {
        await using PlatformStorage storage = await OpenAsync();
        int events = 0, lost = 0;
        var batch = new RecordBatch();
        for (int p = 0; p < Partitions; p++)
        {
            await using ILogReader reader = storage.Log.OpenReader(p, 0);
            while (await reader.ReadAsync(batch, 1000, default) > 0)
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    events += batch[i].Kind == LogRecordKind.Event ? 1 : 0;
                    lost += batch[i].Kind == LogRecordKind.Unreadable ? 1 : 0;
                }
            }
        }
        Assert.Equal("0123456789abcdef", await storage.Log.FindControlAsync(ControlRecord.Model, default));
        bool keys = true;
        for (int i = 0; withKeys && i < Appends; i++)
        {
            var key = new IdempotentRequest($"key {i}", new byte[] { (byte)i }, new byte[] { 7 });
            keys &= (await storage.Log.AppendAsync(EventSets.Batch(($"stream {i}", _time.NowTicks + i, "buy")), key, default)).Replayed;
        }
        return (events, lost, keys);
    }

    private static string Digest(string directory) => string.Join(" ", Directory.GetFiles(directory).Order()
        .Select(file => $"{Path.GetFileName(file)} {Crc32C.Compute(File.ReadAllBytes(file)):x}"));

    private void Execute(string file, string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(Data, file));
        database.Execute(sql);
    }
}
