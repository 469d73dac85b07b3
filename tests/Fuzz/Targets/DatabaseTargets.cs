using System.Text;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Fuzz.Running;
using Foretell.Stores.Sqlite;

namespace Foretell.Fuzz.Targets;

/// <summary>The files of a data directory, opened by the product's own classes and read to their end. A refusal names what cannot be
/// read.</summary>
internal static class DatabaseTargets
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    // What is copied for each input, but for the file that is mutated.
    private static readonly (Dictionary<string, byte[]> Open, Dictionary<string, byte[]> Closed) s_files =
        DatabaseFiles.WrittenAsync().GetAwaiter().GetResult();

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        Database("db-log", "log.db"),
        Database("db-log-wal", "log.db-wal") with { Repair = WriteAheadLog.Repair },
        Database("db-shard", "shard-0000.db"),
        Database("db-alerts", "alerts.db"),
    ];

    private static FuzzTarget Database(string name, string file) => new(name,
        bytes => ReadAsync(FilesWith(file), file, bytes).GetAwaiter().GetResult(),
        typeof(StorageException), typeof(InvalidDataException), typeof(PlatformUnavailableException))
    {
        Seeds = [FilesWith(file)[file]],
        Words = ["CREATE TABLE segment", "records BLOB", "INTEGER PRIMARY KEY", "WITHOUT ROWID", "late=50000000;future=36000000000", "SQLite format 3"],
        MostBytes = 256 << 10,
        // Its threads and SQLite's own memory are not counted.
        FreeBytes = 16 << 20,
        BytesPerByte = 256,
        Share = 10,
    };

    // With a write-ahead log beside it, a database's changed pages would be written over before anybody reads them.
    private static Dictionary<string, byte[]> FilesWith(string mutated) =>
        mutated.EndsWith("-wal", StringComparison.Ordinal) ? s_files.Open : s_files.Closed;

    private static async Task ReadAsync(Dictionary<string, byte[]> files, string mutated, byte[] bytes)
    {
        string directory = Directory.CreateDirectory(Path.Combine(FileTargets.Folder, "read")).FullName;
        foreach (string file in Directory.EnumerateFiles(directory))
        {
            File.Delete(file);
        }
        foreach ((string name, byte[] content) in files)
        {
            File.WriteAllBytes(Path.Combine(directory, name), name == mutated ? bytes : content);
        }
        await using PlatformStorage storage = await SqliteStorage.In(directory)(TimeProvider.System, CancellationToken.None);
        await storage.Log.FindControlAsync(ControlRecord.Policy, CancellationToken.None);
        using var shard = new Shard(0, DatabaseFiles.Serving);
        long epoch = await storage.Store.TakeEpochAsync(0, CancellationToken.None);
        if (await storage.Store.ReadHeaderAsync(0, CancellationToken.None) is { } header)
        {
            shard.Restore(header);
            await foreach (Memory<byte> page in storage.Store.ReadPagesAsync(0, CancellationToken.None))
            {
                shard.RestorePage(page.Span);
            }
        }
        if (shard.Position <= storage.Log.End(0).Sequence)
        {
            await DatabaseFiles.ApplyAsync(storage.Log, shard);
        }
        await storage.Store.ReadDeadLettersAsync(0, 10, CancellationToken.None);
        foreach (NumberedAlert raised in await storage.Alerts.ReadAsync(0, 10, CancellationToken.None))
        {
            RecordTargets.Require(AlertFeed.Item(raised.Alert, new AlertPlace("", raised.Number)).Value is not { } told
                || EventTime.ToDateTimeOffset(told.AtTicks) >= DateTimeOffset.MinValue && !double.IsNaN(told.LogSurvival), "an alert that is told is one");
        }
        var more = new EventBatch();
        more.TryAdd("s0"u8, Now, default, default);
        await storage.Log.AppendAsync(more, new IdempotentRequest("key-1", new byte[32], default), CancellationToken.None);
        using ShardCommit? commit = shard.TakeCommit();
        if (commit is not null)
        {
            await storage.Store.CommitAsync(0, epoch, commit, CancellationToken.None);
        }
    }
}
