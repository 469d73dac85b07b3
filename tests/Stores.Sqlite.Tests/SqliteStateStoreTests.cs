using Foretell.Engine;
using Foretell.Engine.Store;
using Foretell.Stores.Contract;
using Foretell.Support;

namespace Foretell.Stores.Sqlite.Tests;

public sealed class SqliteStateStoreTests : StateStoreContract
{
    protected override IStateStore Open() => new SqliteStateStore(Directory.Path);

    // The header is written last: a commit fails after its pages and dead letters went in.
    protected override void BreakWrites(int partition) =>
        Execute(partition, "CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");

    protected override void MendWrites(int partition) => Execute(partition, "DROP TRIGGER broken");

    [Fact]
    public async Task TakeEpoch_WhenTheDiskWasFullForATime_GivesNoEpochTwice()
    {
        using SmallDisk disk = SmallDisk.Mount(4);
        await using var store = new SqliteStateStore(disk.Path);
        long before = await store.TakeEpochAsync(0, default);
        disk.Fill();
        long untold = await store.TakeEpochAsync(0, default), again = await store.TakeEpochAsync(0, default);
        disk.MakeRoom();
        long after = await store.TakeEpochAsync(0, default);

        Assert.Equal((before + 1, before + 2, before + 3), (untold, again, after));
        await Assert.ThrowsAsync<StaleEpochException>(() => store.CommitAsync(0, again, Commit(Header(5), [(0, 1)]), default));
        await store.CommitAsync(0, after, Commit(Header(5), [(0, 1)]), default);
        Assert.Equal(after, await store.ReadEpochAsync(0, default));
    }

    [Fact]
    public async Task Commit_OfAnOwnerWhoseSuccessorTheDiskDoesNotKnowYet_IsRefused()
    {
        using SmallDisk disk = SmallDisk.Mount(4);
        await using var store = new SqliteStateStore(disk.Path);
        long old = await store.TakeEpochAsync(0, default);
        disk.Fill();
        long untold = await store.TakeEpochAsync(0, default);
        disk.MakeRoom();

        var e = await Assert.ThrowsAsync<StaleEpochException>(() => store.CommitAsync(0, old, Commit(Header(5), [(0, 1)]), default));
        Assert.Contains($"the store has {untold}", e.Message);
        await store.CommitAsync(0, untold, Commit(Header(5), [(0, 1)]), default);
        await Assert.ThrowsAsync<StaleEpochException>(() => store.CommitAsync(0, old, Commit(Header(6), [(0, 1)]), default));
    }

    [Fact]
    public async Task Secure_WhenItReturns_HasTheCommitInTheFileItself()
    {
        await using var store = new SqliteStateStore(Directory.Path);
        await store.CommitAsync(0, await store.TakeEpochAsync(0, default), Commit(Header(5), [(0, 1)]), default);
        Assert.Equal(5, await store.SecureAsync(0, default));

        // A copy without the write-ahead log.
        using var copies = new TemporaryFolder();
        File.Copy(Directory.At("shard-0000.db"), copies.At("shard-0000.db"));
        await using var copy = new SqliteStateStore(copies.Path);
        Assert.Equal(5, (await copy.ReadHeaderAsync(0, default))!.Position);
    }

    [Fact]
    public async Task Secure_WhenSomebodyReadsAnOlderState_SaysThatItCannotBeDoneNow()
    {
        await using var store = new SqliteStateStore(Directory.Path);
        long epoch = await store.TakeEpochAsync(0, default);
        await store.CommitAsync(0, epoch, Commit(Header(5), [(0, 1), (1, 1)]), default);
        using (SqliteDatabase reader = SqliteDatabase.OpenReadOnly(Directory.At("shard-0000.db")))
        {
            SqliteStatement page = reader.Prepare("SELECT id FROM page");
            page.Step();
            await store.CommitAsync(0, epoch, Commit(Header(6), [(0, 2)]), default);
            await Assert.ThrowsAsync<PlatformUnavailableException>(() => store.SecureAsync(0, default));
        }
        Assert.Equal(6, await store.SecureAsync(0, default));
    }

    [Fact]
    public async Task TakeEpoch_WhenTheFileIsMissingAndTheLogWasTrimmed_RefusesAndMakesNoFile()
    {
        await using var store = new SqliteStateStore(Directory.Path, mayBeNew: _ => false);
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => store.TakeEpochAsync(0, default));
        Assert.Contains("it is missing", e.Message);
        Assert.False(File.Exists(Directory.At("shard-0000.db")));
    }

    [Theory]
    [InlineData("rows")]
    [InlineData("rows_per_page")]
    [InlineData("format")]
    public async Task ReadHeader_WhenANumberIsTooLarge_DoesNotTakeItForAnother(string column)
    {
        await using var store = new SqliteStateStore(Directory.Path);
        await store.CommitAsync(0, await store.TakeEpochAsync(0, default), Commit(Header(5), [(0, 1)]), default);
        // By what is left of it in 32 bits it would be right.
        string larger = $"{column} + (1 << 32)";
        string columns = string.Join(", ", SqliteShardSchema.HeaderColumns.Split(", ").Select(c => c == column ? larger : c));
        using (SqliteDatabase database = SqliteDatabase.Open(Directory.At("shard-0000.db")))
        {
            database.Sealing("").Execute($"UPDATE shard SET {column} = {larger}, seal = seal({columns})");
        }

        Assert.Contains("which is no 32-bit number",
            (await Assert.ThrowsAsync<InvalidDataException>(() => store.ReadHeaderAsync(0, default))).Message);
    }

    /// <summary>The file's first page has its header and its schema, and no checksum: SQLite finds fault with a statement, or with the
    /// file, and says so each time that it is asked.</summary>
    [Fact]
    public async Task Store_WhenAByteOfTheSchemaIsAnother_IsDamagedOrAnswersAsBefore()
    {
        await using (var store = new SqliteStateStore(Directory.Path))
        {
            await store.CommitAsync(0, await store.TakeEpochAsync(0, default), Commit(Header(5), [(0, 1), (1, 2)], [Letter(3)]), default);
        }
        string path = Directory.At("shard-0000.db");
        byte[] whole = await File.ReadAllBytesAsync(path);
        var random = new Random(17);
        int damaged = 0, asBefore = 0;
        int[] places = [.. Enumerable.Range(0, 16384).Where(at => whole[at] != 0 && (at < 100 || at % 4 == 0))];
        foreach (int at in places)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << random.Next(8));
            foreach (string file in System.IO.Directory.GetFiles(Directory.Path))
            {
                File.Delete(file);
            }
            await File.WriteAllBytesAsync(path, bytes);
            await using var store = new SqliteStateStore(Directory.Path);
            try
            {
                long epoch = await store.TakeEpochAsync(0, default);
                // Without a header the shard begins anew, with the log's first record.
                if (await store.ReadHeaderAsync(0, default) is { } header)
                {
                    Assert.Equal(Header(5).Position, header.Position);
                    Assert.Equal([(1, 100), (2, 100)], await PagesAsync(store, 0));
                }
                Assert.Equal(3, Assert.Single(await store.ReadDeadLettersAsync(0, 10, default)).Sequence);
                await store.CommitAsync(0, epoch, Commit(Header(6), [(0, 3)], [Letter(3)]), default);
                asBefore++;
            }
            catch (InvalidDataException)
            {
                damaged++;
            }
            catch (PlatformUnavailableException e) when (at == 18 && e.Message.Contains("readonly"))
            {
                // By SQLite's format a later one wrote a file that it may only read: it is answered from, and its commits wait.
            }
            catch (Exception e)
            {
                Assert.Fail($"byte {at}: {e}");
            }
        }
        Assert.True(damaged > 100 && asBefore > 50, $"{damaged} {asBefore}");
    }

    private void Execute(int partition, string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(Directory.At($"shard-{partition:D4}.db"));
        database.Execute(sql);
    }
}
