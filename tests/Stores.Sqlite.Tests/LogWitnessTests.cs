using System.Security.Cryptography;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Stores.Sqlite.Maintenance;
using Foretell.Support;

namespace Foretell.Stores.Sqlite.Tests;

/// <summary>A log that has lost what it acknowledged says so, and leaves its files as they are.</summary>
public sealed class LogWitnessTests : IDisposable
{
    private const int Appends = 60;

    private static readonly string[] s_files = ["log.db", "log.db-wal", "log.ack"];

    private readonly TemporaryFolder _folder = new();
    private readonly TestTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_AfterAKill_GoesOnWhereItWasAcknowledged()
    {
        using TemporaryFolder killed = await KilledAsync();
        await using SqliteEventLog log = Open(killed);
        Assert.Equal(Appends, log.End(0).Sequence);
        Assert.Equal(Appends, await CountAsync(log));
    }

    [Fact]
    public async Task Open_WhenABitFlippedAnywhereInTheWriteAheadLog_IsToldOrHarmlessAndChangesNothing()
    {
        using TemporaryFolder killed = await KilledAsync();
        string path = killed.At("log.db-wal");
        byte[] whole = await File.ReadAllBytesAsync(path);
        var random = new Random(13);
        int told = 0;
        for (int i = 0; i < 150; i++)
        {
            byte[] flipped = [.. whole];
            flipped[random.Next(whole.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, flipped);
            string before = Digest(killed);
            if (Record.Exception(() => Open(killed).DisposeAsync().AsTask().Wait()) is { } e)
            {
                Assert.IsType<StorageException>(e);
                Assert.Contains("lost acknowledged records: partition 0 ends at record", e.Message);
                Assert.Contains($"was acknowledged up to record {Appends}", e.Message);
                Assert.Contains("fails its checksum", e.Message);
                Assert.Equal(before, Digest(killed));
                told++;
                continue;
            }
            // Not in the way of any record: the log is whole.
            await using (SqliteEventLog log = Open(killed))
            {
                Assert.Equal(Appends, await CountAsync(log));
            }
            Restore(killed);
        }
        Assert.InRange(told, 130, 150);
    }

    [Fact]
    public async Task Open_WhenTheWriteAheadLogIsGone_SaysWhatIsLost()
    {
        using TemporaryFolder killed = await KilledAsync();
        File.Delete(killed.At("log.db-wal"));
        var e = Assert.Throws<StorageException>(() => Open(killed));
        Assert.Contains($"ends at record 10, and was acknowledged up to record {Appends}", e.Message);
    }

    [Fact]
    public async Task Open_WhenTheLogIsGone_SaysSo()
    {
        await WriteAsync();
        File.Delete(_folder.At("log.db"));
        var e = Assert.Throws<StorageException>(() => Open(_folder));
        Assert.Contains($"is missing or empty, and {Appends} records of it were acknowledged", e.Message);
    }

    [Fact]
    public async Task Open_WhenAnUnacknowledgedEndIsTorn_DropsIt()
    {
        using TemporaryFolder killed = await KilledAsync();
        // As if the process had ended between the last commit and its answer, and the power had torn the commit.
        (string identity, AcknowledgedEnd[] ends) = AcknowledgedEnds.Read(killed.At("log.ack"));
        AcknowledgedEnds.Create(killed.At("log.ack"), identity, [ends[0] with { Sequence = Appends - 1, Seal = Seal(killed, Appends - 1) }]);
        using (FileStream wal = File.OpenWrite(killed.At("log.db-wal")))
        {
            wal.SetLength(wal.Length - 100);
        }
        await using SqliteEventLog log = Open(killed);
        Assert.Equal(Appends - 1, await CountAsync(log));
    }

    [Fact]
    public async Task Open_WhenTheLastSegmentIsGone_SaysSo()
    {
        await WriteAsync();
        Execute($"DELETE FROM segment WHERE id = {Appends}");
        var e = Assert.Throws<StorageException>(() => Open(_folder));
        Assert.Contains($"partition 0 ends at record {Appends - 1}, and was acknowledged up to record {Appends}", e.Message);
        Assert.Contains("foretell repair", e.Message);
    }

    [Fact]
    public async Task Open_WhenAnOlderCopyOfTheLogIsPutBackAndGrows_SaysSo()
    {
        await WriteAsync();
        // Another history of the same length: the last record is not the one that was acknowledged.
        Execute($"UPDATE segment SET append = append + 1, seal = seal(id, count, events, append + 1, crc, trace) WHERE id = {Appends}");
        var e = Assert.Throws<StorageException>(() => Open(_folder));
        Assert.Contains($"record {Appends} is not the one that was acknowledged", e.Message);
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("HEADER")]
    [InlineData("ENTRY")]
    [InlineData("CUT")]
    public async Task Open_WhenTheWitnessIsGoneOrDamaged_SaysSo(string how)
    {
        await WriteAsync();
        string path = _folder.At("log.ack");
        byte[] bytes = await File.ReadAllBytesAsync(path);
        switch (how)
        {
            case "DELETE":
                File.Delete(path);
                break;
            case "CUT":
                await File.WriteAllBytesAsync(path, bytes[..^3]);
                break;
            default:
                bytes[how == "HEADER" ? 9 : 50] ^= 4;
                await File.WriteAllBytesAsync(path, bytes);
                break;
        }
        string before = Digest(_folder);
        var e = Assert.Throws<StorageException>(() => Open(_folder));
        Assert.Contains("othing else tells whether the log beside it has lost its end", e.Message);
        Assert.Equal(before, Digest(_folder));
    }

    /// <summary>Before its first checkpoint a log lies in its write-ahead log only: where that is not to be believed, there is
    /// none.</summary>
    [Theory]
    [InlineData(9)]
    [InlineData(50)]
    public async Task Open_WhenAllOfTheLogAndItsWitnessAreDamaged_DoesNotBeginAnew(int ofWitness)
    {
        using var killed = new TemporaryFolder();
        await using (SqliteEventLog log = Open(_folder))
        {
            await WriteAsync(log, 0, 10);
            foreach (string name in s_files)
            {
                File.Copy(_folder.At(name), killed.At(name));
            }
        }
        Flip("log.db-wal", SqliteWal.HeaderBytes + 100);
        Assert.Contains("is missing or empty, and 10 records of it were acknowledged",
            Assert.Throws<StorageException>(() => Open(killed)).Message);
        Flip("log.ack", ofWitness);
        string before = Digest(killed);
        var e = Assert.Throws<StorageException>(() => Open(killed));
        Assert.Contains("log.ack, which knows what was acknowledged, is damaged", e.Message);
        Assert.Contains("Frame 1 of", e.Message);
        Assert.Equal(before, Digest(killed));

        void Flip(string name, int at)
        {
            byte[] bytes = File.ReadAllBytes(killed.At(name));
            bytes[at] ^= 4;
            File.WriteAllBytes(killed.At(name), bytes);
        }
    }

    [Fact]
    public async Task Open_WhenACrashLeftHalfAWitnessAndNoLog_BeginsTheLog()
    {
        await WriteAsync();
        byte[] bytes = await File.ReadAllBytesAsync(_folder.At("log.ack"));
        using var crashed = new TemporaryFolder();
        await File.WriteAllBytesAsync(crashed.At("log.ack"), bytes[..20]);
        await File.WriteAllBytesAsync(crashed.At("log.db"), []);
        await using SqliteEventLog log = Open(crashed);
        Assert.Equal(0, log.End(0).Sequence);
    }

    [Fact]
    public async Task Open_WhenAnotherDirectorysLogIsPutInItsPlace_SaysSo()
    {
        await WriteAsync();
        using var other = new TemporaryFolder();
        await using (SqliteEventLog log = Open(other))
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, "")));
        }
        File.Copy(other.At("log.db"), _folder.At("log.db"), overwrite: true);
        var e = Assert.Throws<StorageException>(() => Open(_folder));
        Assert.Contains("belongs to a log with another name", e.Message);
    }

    [Theory]
    [InlineData("UPDATE log SET partitions = 2")]
    [InlineData("UPDATE log SET unsealed = '0-1000'")]
    [InlineData("UPDATE log SET format = 5")]
    public async Task Open_WhenItRefuses_ChangesNothing(string change)
    {
        using TemporaryFolder killed = await KilledAsync();
        using (SqliteDatabase database = SqliteDatabase.Open(killed.At("log.db")))
        {
            database.Execute(change);
        }
        string before = Digest(killed);
        Assert.Throws<StorageException>(() => Open(killed));
        Assert.Throws<StorageException>(() => SqliteEventLog.Open(killed.At("log.db"), 7, _time));
        Assert.Equal(before, Digest(killed));
    }

    [Fact]
    public async Task Open_WhenThePartitionCountDiffersAfterAKill_LeavesTheWriteAheadLog()
    {
        using TemporaryFolder killed = await KilledAsync();
        string before = Digest(killed);
        Assert.Throws<StorageException>(() => SqliteEventLog.Open(killed.At("log.db"), 7, _time));
        Assert.Equal(before, Digest(killed));
    }

    [Theory]
    [InlineData("append = 0")]
    [InlineData("events = events + 1")]
    [InlineData("crc = crc + 1")]
    [InlineData("seal = NULL")]
    [InlineData("records = zeroblob(length(records))")]
    [InlineData("trace = zeroblob(32)")]
    public async Task Read_WhenAnythingOfASegmentIsChanged_NamesTheRecord(string change)
    {
        await WriteAsync();
        Execute($"UPDATE segment SET {change} WHERE id = 7");
        await using SqliteEventLog log = Open(_folder);
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(0, 0);
        Assert.Equal(6, await reader.ReadAsync(batch, 100, default));
        var e = await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync(batch, 100, default));
        Assert.Contains("record 7 of partition 0 fails its checksum", e.Message);
    }

    [Fact]
    public async Task Append_WhenARowThatItGoesByIsChanged_IsRefused()
    {
        var request = new IdempotentRequest("key", new byte[] { 1 }, new byte[] { 2 });
        var source = new SourcePartition("hub", "0");
        await using (SqliteEventLog first = Open(_folder))
        {
            await first.AppendAsync(EventSets.Batch(("a", 1, "")), request, default);
            await first.AppendControlAsync("model", "m", default);
            await first.TakeSourceAsync(source, default);
        }
        Execute("UPDATE request SET accepted = 5; UPDATE control SET value = 'n'; UPDATE source SET epoch = 9");
        await using SqliteEventLog log = Open(_folder);
        await Refused(() => log.AppendAsync(EventSets.Batch(("a", 1, "")), request, default));
        await Refused(() => log.AppendControlAsync("model", "m", default));
        await Refused(() => log.TakeSourceAsync(source, default));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await log.FindControlAsync("model", default));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await log.ReadSourceAsync("hub", default));

        static async Task Refused(Func<Task> append) => Assert.Contains("fails its checksum",
            (await Assert.ThrowsAsync<PlatformUnavailableException>(append)).Message);
    }

    private SqliteEventLog Open(TemporaryFolder folder) => SqliteEventLog.Open(folder.At("log.db"), 1, _time);

    private async Task WriteAsync(int from = 0, int to = Appends)
    {
        await using SqliteEventLog log = Open(_folder);
        await WriteAsync(log, from, to);
    }

    private static async Task WriteAsync(SqliteEventLog log, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            await log.AppendAsync(EventSets.Batch(($"stream {i}", i, "")));
        }
    }

    /// <summary>The files as a killed process leaves them.</summary>
    private async Task<TemporaryFolder> KilledAsync()
    {
        await WriteAsync(0, 10);
        await using SqliteEventLog log = Open(_folder);
        await WriteAsync(log, 10, Appends);
        Directory.CreateDirectory(_folder.At("killed"));
        foreach (string name in s_files)
        {
            File.Copy(_folder.At(name), _folder.At($"killed/{name}"));
        }
        var killed = new TemporaryFolder();
        Restore(killed);
        return killed;
    }

    /// <summary>Puts the files back that the killed process left.</summary>
    private void Restore(TemporaryFolder killed)
    {
        foreach (string name in s_files)
        {
            File.Copy(_folder.At($"killed/{name}"), killed.At(name), overwrite: true);
        }
        File.Delete(killed.At("log.db-shm"));
    }

    private static async Task<int> CountAsync(SqliteEventLog log)
    {
        int count = 0;
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(0, 0);
        while (await reader.ReadAsync(batch, 1000, default) is > 0 and var read)
        {
            count += read;
        }
        return count;
    }

    [Theory]
    [InlineData("position", "'0-1_'", "has no position, but '0-1_'")]
    [InlineData("accepted", "4294967297", "holds 4294967297, which is no 32-bit number")]
    public async Task Append_WhenAKeysRowHoldsNoReceipt_SaysSo(string column, string value, string problem)
    {
        await WriteAsync();
        var request = new IdempotentRequest("key", new byte[] { 1 }, new byte[] { 2 });
        await using (SqliteEventLog log = Open(_folder))
        {
            await log.AppendAsync(EventSets.Batch(("a", 1, "")), request, default);
        }
        string[] columns = ["key", "fingerprint", "accepted", "position", "payload", "append"];
        Execute($"UPDATE request SET {column} = {value}, seal = seal({string.Join(", ", columns.Select(c => c == column ? value : c))})");

        await using SqliteEventLog reopened = Open(_folder);
        Assert.Contains(problem, (await Assert.ThrowsAsync<PlatformUnavailableException>(
            () => reopened.AppendAsync(EventSets.Batch(("a", 1, "")), request, default))).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1L << 32) + 1)]
    [InlineData(long.MaxValue)]
    public async Task Open_WhenTheLogClaimsPartitionsThatNoneHas_SaysThatItIsDamaged(long partitions)
    {
        await WriteAsync();
        Execute($"UPDATE log SET partitions = {partitions}, seal = seal(format, {partitions}, identity, unsealed)");

        Assert.Contains("the row that says what it is", Assert.Throws<StorageException>(() => Open(_folder)).Message);
        Assert.Contains("a number of partitions that no log has",
            string.Join("\n", DataDirectoryCheck.Run(_folder.Path).Where(finding => finding.IsDamage).Select(finding => finding.Message)));
    }

    private static uint Seal(TemporaryFolder killed, int id)
    {
        using SqliteDatabase database = SqliteDatabase.Inspect(killed.At("log.db"));
        return (uint)database.Query($"SELECT seal FROM segment WHERE id = {id}");
    }

    private static string Digest(TemporaryFolder folder) => string.Join(" ", Directory.GetFiles(folder.Path).Order()
        .Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    private void Execute(string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(_folder.At("log.db"));
        database.Sealing(database.QueryText("SELECT identity FROM log")!).Execute(sql);
    }
}
