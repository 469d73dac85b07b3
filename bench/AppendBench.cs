using Foretell.Engine.Events;
using Foretell.Models.Numerics;
using Foretell.Stores.Sqlite;

namespace Foretell.Bench;

/// <summary>Durable appends to the SQLite log, one caller.</summary>
internal static class AppendBench
{
    private const int Partitions = 4, Streams = 10_000;

    public static async Task RunAsync()
    {
        foreach (int size in new[] { 10, 1000, 5000 })
        {
            string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
            await using (SqliteEventLog log = SqliteEventLog.Open(Path.Combine(folder, "log.db"), Partitions, TimeProvider.System))
            {
                EventBatch batch = Events(size);
                await Meter.RateAsync($"batches of {size}", async () =>
                {
                    await log.AppendAsync(batch, null, CancellationToken.None);
                    return size;
                });
            }
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Events of random streams, all a second apart from the same start.</summary>
    public static EventBatch Events(int count, int seed = 1, long startTicks = 0)
    {
        var random = new RandomStream(seed);
        var batch = new EventBatch();
        Span<byte> key = stackalloc byte[16];
        for (int i = 0; i < count; i++)
        {
            System.Buffers.Text.Utf8Formatter.TryFormat(random.NextInt(Streams), key, out int length);
            batch.TryAdd(key[..length], startTicks + i * EventTime.PerSecond, "mark-1"u8, []);
        }
        return batch;
    }
}
