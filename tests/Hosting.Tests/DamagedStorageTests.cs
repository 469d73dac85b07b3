using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

/// <summary>What is damaged is told and left out; the rest is served.</summary>
public sealed class DamagedStorageTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("UPDATE shard SET position = position - 1", "its header fails its checksum")]
    [InlineData("UPDATE shard SET applied = applied + 1", "its header fails its checksum")]
    [InlineData("UPDATE owner SET epoch = 0", "the row that says whose it is fails its checksum")]
    [InlineData("DELETE FROM page WHERE id = (SELECT max(id) FROM page)", "rows, its header says")]
    [InlineData("DROP TABLE page", "no such table: page")]
    [InlineData("ALTER TABLE shard RENAME COLUMN calibration TO calibratimn", "no column named calibration")]
    [InlineData("ALTER TABLE owner RENAME COLUMN identity TO identitx", "duplicate column name: partition")]
    [InlineData("ALTER TABLE owner RENAME TO ownes", "table shard already exists")]
    [InlineData("ALTER TABLE page ADD COLUMN more", "table page has 3 columns but 2 values were supplied")]
    public async Task Open_WhenOneShardIsDamaged_ServesTheOthers(string damage, string told)
    {
        await WriteAsync(_directory.Path);
        Execute(_directory.At("shard-0002.db"), damage);

        await using EmbeddedPlatform platform = await OpenAsync(_directory.Path);
        await platform.Ready;
        PlatformStatus status = platform.Status();
        Assert.Equal(1, status.UnservedPartitions);
        string problem = Assert.Single(status.Problems);
        Assert.StartsWith("Partition 2's store is damaged: ", problem);
        Assert.Contains(told, problem);
        Assert.Contains("foretell repair", problem);
        int served = 0, refused = 0;
        for (int i = 0; i < 40; i++)
        {
            string stream = $"user/{i}";
            if (EventHubsPartitioner.Partition(System.Text.Encoding.UTF8.GetBytes(stream), 4) == 2)
            {
                await Assert.ThrowsAsync<PlatformUnavailableException>(async () => await platform.FindAsync(stream, default));
                refused++;
            }
            else
            {
                Assert.NotNull(await platform.FindAsync(stream, default));
                served++;
            }
        }
        Assert.True(served > 15 && refused > 3, $"{served} {refused}");

        // Events of the damaged partition are taken into the log, too: nothing of them is lost.
        AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch([.. Events(1)]), null, default);
        Assert.Equal(40, receipt.Accepted);
    }

    [Fact]
    public async Task Open_WhenAnOlderPageIsPutBack_DoesNotBelieveIt()
    {
        await WriteAsync(_directory.Path);
        byte[] older;
        using (SqliteDatabase database = SqliteDatabase.OpenReadOnly(_directory.At("shard-0001.db")))
        {
            SqliteStatement select = database.Prepare("SELECT rows FROM page WHERE id = 0");
            select.Step();
            older = select.Blob(0).ToArray();
        }
        await WriteAsync(_directory.Path, minutes: 5);
        using (SqliteDatabase database = SqliteDatabase.Open(_directory.At("shard-0001.db")))
        {
            database.Prepare("UPDATE page SET rows = ?1 WHERE id = 0").Bind(1, older).Run();
        }
        await using EmbeddedPlatform platform = await OpenAsync(_directory.Path);
        await platform.Ready;
        Assert.Contains("a page is older than its header", Assert.Single(platform.Status().Problems));
    }

    [Theory]
    [InlineData(true, "it holds the rows of partition 0")]
    [InlineData(false, "it belongs to the log of another data directory")]
    public async Task Open_WhenAnotherShardsFileIsInItsPlace_DoesNotBelieveIt(bool same, string told)
    {
        await WriteAsync(_directory.Path);
        using var other = new TemporaryFolder();
        await WriteAsync(other.Path);
        File.Copy(same ? _directory.At("shard-0000.db") : other.At("shard-0003.db"), _directory.At("shard-0003.db"), overwrite: true);
        await using EmbeddedPlatform platform = await OpenAsync(_directory.Path);
        await platform.Ready;
        Assert.Contains(told, Assert.Single(platform.Status().Problems));
    }

    [Theory]
    [InlineData("model")]
    [InlineData("policy")]
    public async Task Open_WhenTheLogDoesNotSayByWhatItIsRead_Refuses(string control)
    {
        await WriteAsync(_directory.Path);
        Execute(_directory.At("log.db"), $"UPDATE control SET value = value || ' ' WHERE name = '{control}'");
        var e = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(_directory.Path));
        Assert.Contains($"the row of control '{control}' fails its checksum", e.Message);
        Assert.Contains("foretell repair", e.Message);
    }

    [Fact]
    public async Task Open_WhenTheAlertsAreDamaged_ServesTheRest()
    {
        await WriteAsync(_directory.Path);
        File.WriteAllText(_directory.At("alerts.db"), string.Concat(Enumerable.Repeat("This is a text. ", 3000)));
        await using EmbeddedPlatform platform = await OpenAsync(_directory.Path);
        await platform.Ready;
        Assert.NotNull(await platform.FindAsync("user/1", default));
        Assert.StartsWith("Alerts cannot be opened: ", Assert.Single(platform.Status().Problems));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.AlertsEndAsync(default));
    }

    [Fact]
    public async Task Open_WhenTheDiskIsFull_AnswersAndTakesEventsOnceThereIsRoom()
    {
        using SmallDisk disk = SmallDisk.Mount(16);
        string digest = await WriteAsync(disk.Path);
        disk.Fill();
        await using (EmbeddedPlatform platform = await OpenAsync(disk.Path))
        {
            await platform.Ready;
            Assert.Equal(digest, await platform.StateDigestAsync(default));
            Assert.NotNull(await platform.FindAsync("user/1", default));
            Assert.Contains(platform.Status().Problems, problem => problem.StartsWith("The log cannot be written: "));
            await Assert.ThrowsAsync<PlatformUnavailableException>(
                () => platform.AppendAsync(EventSets.Batch([.. Events(1)]), null, default));

            disk.MakeRoom();
            AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch([.. Events(1)]), null, default);
            await platform.WaitAppliedAsync(receipt.Position, default);
            await platform.CommitAsync();
            await platform.AlertsEndAsync(default);
            Assert.Empty(platform.Status().Problems);
            digest = await platform.StateDigestAsync(default);
        }
        await using EmbeddedPlatform again = await OpenAsync(disk.Path);
        await again.Ready;
        Assert.Equal(digest, await again.StateDigestAsync(default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_WhenTheDiskCanOnlyBeRead_Answers(bool killed)
    {
        using SmallDisk disk = SmallDisk.Mount(16);
        string digest = await WriteAsync(disk.Path);
        if (killed)
        {
            EmbeddedPlatform platform = await OpenAsync(disk.Path);
            AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch([.. Events(1)]), null, default);
            await platform.WaitAppliedAsync(receipt.Position, default);
            digest = await platform.StateDigestAsync(default);
            Directory.CreateDirectory(disk.At("killed"));
            foreach (string file in Directory.GetFiles(disk.Path).Where(file => !file.EndsWith("-shm") && !file.EndsWith("lock")))
            {
                File.Copy(file, disk.At($"killed/{Path.GetFileName(file)}"));
            }
            await platform.AbandonAsync();
        }
        disk.MakeReadOnly();
        await using EmbeddedPlatform readOnly = await OpenAsync(killed ? disk.At("killed") : disk.Path);
        await readOnly.Ready;
        await Until.TrueAsync(() => readOnly.LagEvents == 0, TimeSpan.FromSeconds(30));
        Assert.Equal(digest, await readOnly.StateDigestAsync(default));
        await Assert.ThrowsAsync<PlatformUnavailableException>(
            () => readOnly.AppendAsync(EventSets.Batch([.. Events(2)]), null, default));
    }

    /// <summary>Writes some events of 40 streams and stops.</summary>
    /// <returns>Digest of all states.</returns>
    private async Task<string> WriteAsync(string directory, int minutes = 0)
    {
        await using EmbeddedPlatform platform = await OpenAsync(directory);
        await platform.Ready;
        AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch([.. Events(minutes)]), null, default);
        await platform.WaitAppliedAsync(receipt.Position, default);
        return await platform.StateDigestAsync(default);
    }

    private IEnumerable<(string, long, string)> Events(int minutes) =>
        Enumerable.Range(0, 40).Select(i => ($"user/{i}", _time.NowTicks + TimeSpan.FromMinutes(minutes).Ticks, "view"));

    private Task<EmbeddedPlatform> OpenAsync(string directory) => EmbeddedPlatform.OpenAsync(new EmbeddedOptions
    {
        OpenStorage = SqliteStorage.In(directory, 4), Model = Small.Model, Threads = 1, Time = _time, Alerts = Engine.Alerts.AlertRule.Off,
    });

    private static void Execute(string path, string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path);
        database.Execute(sql);
    }
}
