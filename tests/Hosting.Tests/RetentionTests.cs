using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Stores.Sqlite;
using Foretell.Stores.Sqlite.Maintenance;
using Foretell.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Hosting.Tests;

/// <summary>The log forgets what is old, never more than the store keeps, and a store that was lost afterwards is told.</summary>
public sealed class RetentionTests : IDisposable
{
    private static readonly TimeSpan s_retain = TimeSpan.FromHours(1);

    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Trim_WhenTheStoreIsBehind_RemovesNothingThatItDoesNotReflect()
    {
        await using SqliteEventLog log = SqliteEventLog.Open(_directory.At("log.db"), 1, _time);
        await using var store = new SqliteStateStore(_directory.Path);
        await using var owner = new PartitionHost(new Shard(0, Small.Serving), log, store,
            new PartitionHostOptions { Retain = s_retain, Time = _time }, NullLogger.Instance);
        await owner.LoadAsync(default);
        for (int i = 0; i < 6; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", _time.NowTicks, ""), ("b", _time.NowTicks, "")));
        }
        _time.Advance(2 * s_retain);
        await using ILogReader reader = log.OpenReader(0, 0);

        // Applied is not committed.
        await ApplyAsync(owner, reader, 4);
        await TrimTwiceAsync();
        Assert.Equal(0, log.Trimmed(0));

        // Committed a moment ago is not kept for sure: that counts a round later.
        await owner.CommitAsync();
        await owner.TrimAsync(s_retain, default);
        Assert.Equal(0, log.Trimmed(0));
        await ApplyAsync(owner, reader, 3);
        await owner.CommitAsync();
        await owner.TrimAsync(s_retain, default);
        Assert.Equal(4, log.Trimmed(0));

        // Record 7 is the first of its segment: the segment stays, whole.
        await TrimTwiceAsync();
        Assert.Equal(6, log.Trimmed(0));
        Assert.Equal(7, (await store.ReadHeaderAsync(0, default))!.Position);
        Assert.Null(owner.Report().Problem);

        async Task TrimTwiceAsync()
        {
            await owner.TrimAsync(s_retain, default);
            await owner.TrimAsync(s_retain, default);
        }
    }

    [Fact]
    public async Task Trim_WhenTheStoreCannotBeMadeSafe_IsTheStatussProblemAndNobodyElses()
    {
        await using SqliteEventLog log = SqliteEventLog.Open(_directory.At("log.db"), 1, _time);
        await using var store = new SqliteStateStore(_directory.Path);
        await using var owner = new PartitionHost(new Shard(0, Small.Serving), log, store,
            new PartitionHostOptions { Retain = s_retain, Time = _time }, NullLogger.Instance);
        await owner.LoadAsync(default);
        await log.AppendAsync(EventSets.Batch(("a", _time.NowTicks, "")));
        await log.AppendAsync(EventSets.Batch(("a", _time.NowTicks, "")));
        await using ILogReader reader = log.OpenReader(0, 0);
        await ApplyAsync(owner, reader, 1);
        await owner.CommitAsync();
        _time.Advance(2 * s_retain);
        using (SqliteDatabase holder = SqliteDatabase.OpenReadOnly(_directory.At("shard-0000.db")))
        {
            SqliteStatement row = holder.Prepare("SELECT position FROM shard UNION ALL SELECT 1");
            row.Step();
            await ApplyAsync(owner, reader, 1);
            await owner.CommitAsync();
            await owner.TrimAsync(s_retain, default);
            await owner.TrimAsync(s_retain, default);
        }
        Assert.StartsWith("The log keeps what is older than its retention in partition 0, since it cannot be trimmed: ", owner.Report().Problem);
        Assert.Null(owner.Problem);
        Assert.Equal(0, log.Trimmed(0));
        await owner.TrimAsync(s_retain, default);
        await owner.TrimAsync(s_retain, default);
        Assert.Equal(1, log.Trimmed(0));
        Assert.Null(owner.Report().Problem);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_WhenTheLogWasTrimmed_HasTheSameStates(bool killed)
    {
        string digest;
        Position first;
        EmbeddedPlatform platform = await OpenAsync();
        first = await WriteAsync(platform);
        await TrimAsync(platform);
        PlatformStatus status = platform.Status();
        Assert.Equal((48L, 40L), (status.RecordsTrimmed, status.RecordsKept));
        Assert.Equal((80L, 80L), (status.EventsAccepted, status.EventsApplied + status.DeadLetters));
        // A token of then is a position that was reached.
        await platform.WaitAppliedAsync(first, default);
        digest = await platform.StateDigestAsync(default);
        await (killed ? platform.AbandonAsync() : platform.DisposeAsync());

        await using EmbeddedPlatform again = await OpenAsync();
        await again.Ready;
        await again.WaitAppliedAsync(first, default);
        await Until.TrueAsync(() => again.LagEvents == 0, TimeSpan.FromSeconds(30));
        Assert.Equal(digest, await again.StateDigestAsync(default));
        Assert.Equal(48, again.Status().RecordsTrimmed);
        Assert.Empty(again.Status().Problems);
    }

    [Theory]
    [InlineData("missing", "it is missing")]
    [InlineData("empty", "it has no rows")]
    [InlineData("older", "and the log begins at record")]
    [InlineData("damaged", "its header fails its checksum")]
    public async Task Open_WhenAStoreIsLostAndTheLogWasTrimmed_SaysWhatIsLostAndServesTheRest(string how, string told)
    {
        string file = _directory.At("shard-0002.db"), older = _directory.At("older.db");
        await using (EmbeddedPlatform platform = await OpenAsync())
        {
            await platform.Ready;
            await platform.DrainAsync(default);
        }
        File.Copy(file, older);
        await using (EmbeddedPlatform platform = await OpenAsync())
        {
            await WriteAsync(platform);
            await TrimAsync(platform);
        }
        switch (how)
        {
            case "older":
                File.Copy(older, file, overwrite: true);
                break;
            case "missing":
                File.Delete(file);
                break;
            default:
                using (SqliteDatabase database = SqliteDatabase.Open(file))
                {
                    database.Execute(how == "empty" ? "DELETE FROM shard" : "UPDATE shard SET rows = rows + 1");
                }
                break;
        }

        await using (EmbeddedPlatform refused = await OpenAsync())
        {
            await refused.Ready;
            Assert.Equal(how != "missing", File.Exists(file));
            CheckRefusal(refused, told);
            await Assert.ThrowsAsync<PlatformUnavailableException>(async () => await refused.FindAsync(EventSets.KeyOf(2, 4), default));
        }

        // Who accepts the loss gets rows from where the log begins.
        Assert.Contains(DataDirectoryRepair.Run(_directory.Path, _time), done => done.Contains("what its streams did before is lost"));
        await using EmbeddedPlatform again = await OpenAsync();
        await again.Ready;
        await Until.TrueAsync(() => again.LagEvents == 0, TimeSpan.FromSeconds(30));
        Assert.Empty(again.Status().Problems);
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(EventSets.PartitionOf($"user/{i}", 4) == 2 ? 1 : 2, (await again.FindAsync($"user/{i}", default))!.Events);
        }
    }

    private static void CheckRefusal(EmbeddedPlatform again, string told)
    {
        string problem = Assert.Single(again.Status().Problems);
        Assert.StartsWith("Partition 2's store is damaged: ", problem);
        Assert.Contains(told, problem);
        Assert.Contains("The log was trimmed up to record", problem);
        Assert.Contains("nothing can make it anew. Restore a backup.", problem);
        Assert.DoesNotContain("which makes the rows anew from the log", problem);
        Assert.Equal(1, again.Status().UnservedPartitions);
    }

    [Fact]
    public async Task Open_WhenRetentionIsTooShort_IsRefused()
    {
        var e = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => OpenAsync(TimeSpan.FromMinutes(59)));
        Assert.Equal("Retain", e.ParamName);
    }

    /// <summary>Writes an event of each of 40 streams, and another two hours later.</summary>
    /// <returns>Position of the first ones.</returns>
    private async Task<Position> WriteAsync(EmbeddedPlatform platform)
    {
        await platform.Ready;
        AppendReceipt first = await AppendAsync();
        _time.Advance(2 * s_retain);
        await AppendAsync();
        return first.Position;

        async Task<AppendReceipt> AppendAsync()
        {
            AppendReceipt receipt = await platform.AppendAsync(
                EventSets.Batch([.. Enumerable.Range(0, 40).Select(i => ($"user/{i}", _time.NowTicks, "view"))]), null, default);
            await platform.WaitAppliedAsync(receipt.Position, default);
            await platform.CommitAsync();
            return receipt;
        }
    }

    /// <summary>Lets the minutes pass until every partition has lost the two control records and its first events.</summary>
    private Task TrimAsync(EmbeddedPlatform platform) => Until.TrueAsync(() =>
    {
        _time.Advance(PartitionHost.TrimInterval);
        return platform.Status().RecordsTrimmed >= 48;
    }, TimeSpan.FromSeconds(30));

    private static async Task ApplyAsync(PartitionHost owner, ILogReader reader, int records)
    {
        var batch = new RecordBatch();
        Assert.Equal(records, await reader.ReadAsync(batch, records, default));
        owner.Apply(batch);
    }

    private Task<EmbeddedPlatform> OpenAsync(TimeSpan? retain = null) => EmbeddedPlatform.OpenAsync(new EmbeddedOptions
    {
        OpenStorage = SqliteStorage.In(_directory.Path, 4), Model = Small.Model, Threads = 1, Time = _time, Alerts = AlertRule.Off,
        Retain = retain ?? s_retain,
    });
}
