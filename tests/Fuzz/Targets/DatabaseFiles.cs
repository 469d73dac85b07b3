using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;

namespace Foretell.Fuzz.Targets;

/// <summary>A small data directory to mutate, and the model of its rows.</summary>
/// <remarks>Apart from the targets: what goes on in other threads while their list is made must not wait for that list.</remarks>
internal static class DatabaseFiles
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    public static ServingModel Serving { get; } = new(ForecastModel.Untrained(
        new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Marks = ["visit", "buy"] }, seed: 1));

    /// <summary>The files of a small directory, as they lie while it is open, when the newest of it is in write-ahead logs, and when it is
    /// closed.</summary>
    public static async Task<(Dictionary<string, byte[]> Open, Dictionary<string, byte[]> Closed)> WrittenAsync()
    {
        string directory = Directory.CreateDirectory(Path.Combine(FileTargets.Folder, "written")).FullName;
        Dictionary<string, byte[]> open;
        await using (PlatformStorage storage = await SqliteStorage.In(directory, 1)(TimeProvider.System, CancellationToken.None))
        {
            await storage.Log.AppendControlAsync(ControlRecord.Model, Serving.Model.Id, CancellationToken.None);
            await storage.Log.AppendControlAsync(ControlRecord.Policy, EventTimePolicy.OfNewLogs.ToString(), CancellationToken.None);
            for (int i = 0; i < 4; i++)
            {
                var batch = new EventBatch();
                batch.TryAdd(Encoding.UTF8.GetBytes($"s{i}"), Now + i, "visit"u8, default);
                batch.TryAdd("late"u8, Now - i * TimeSpan.TicksPerDay, "buy"u8, default);
                await storage.Log.AppendAsync(batch, new IdempotentRequest($"key-{i}", new byte[32], "[]"u8.ToArray()), CancellationToken.None);
            }
            using var shard = new Shard(0, Serving);
            long epoch = await storage.Store.TakeEpochAsync(0, CancellationToken.None);
            await ApplyAsync(storage.Log, shard);
            using (ShardCommit commit = shard.TakeCommit()!)
            {
                await storage.Store.CommitAsync(0, epoch, commit, CancellationToken.None);
            }
            await storage.Alerts.AppendAsync(0, epoch, [new Engine.Alerts.Alert("s1", 1, Now, Now + 1, -7, 0.001)], CancellationToken.None);
            open = Files(directory);
        }
        return (open, Files(directory));
    }

    private static Dictionary<string, byte[]> Files(string directory)
    {
        var files = new Dictionary<string, byte[]>();
        foreach (string path in Directory.EnumerateFiles(directory)
            .Where(path => Path.GetFileName(path) is not "lock" && !path.EndsWith("-shm", StringComparison.Ordinal)))
        {
            using var open = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[open.Length];
            open.ReadExactly(bytes);
            files.Add(Path.GetFileName(path), bytes);
        }
        return files;
    }

    /// <summary>Applies what the log holds beyond the shard's position.</summary>
    public static async Task ApplyAsync(IEventLog log, Shard shard)
    {
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(0, shard.Position);
        while (await reader.ReadAsync(batch, 100, CancellationToken.None) > 0)
        {
            shard.Advance(batch);
        }
    }
}
