using System.Diagnostics;
using System.Globalization;
using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Grains.Streams;
using Foretell.Grains.Tests.Support;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Grains.Tests;

/// <summary>Streams are rows of a slab in a cluster as well: no grain for each, and no more memory than in the embedded host.</summary>
/// <remarks>The slab's native memory is the same class in both; here the managed heap is measured. `bench -- memory` measures
/// whole processes.</remarks>
[Collection(nameof(AloneInTheProcess))]
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Streams = 400_000, Partitions = 4, BatchSize = 20_000;

    [Fact]
    public async Task Streams_WhenManyAreLoaded_HaveNoGrainsAndTakeWhatTheyTakeEmbedded()
    {
        await OthersAreGoneAsync();
        double embedded = await EmbeddedAsync();
        await using GrainCluster cluster = await GrainCluster.StartAsync(Partitions, "gateway,ingest,worker");
        await cluster.AppliedAsync();
        double silo = await MeasureAsync(cluster.Log, cluster.AppliedAsync, position => CommittedAsync(cluster.Store, position));

        output.WriteLine($"managed bytes a stream: embedded {embedded:F1}, silo {silo:F1}");
        Assert.Equal(Streams, cluster.Platform().Status().Streams);
        SimpleGrainStatistic[] grains = await cluster.Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        Assert.DoesNotContain(grains, g => g.GrainType.Contains(nameof(StreamGrain), StringComparison.Ordinal));
        Assert.InRange(grains.Sum(g => g.ActivationCount), 2 * Partitions, 50);
        Assert.InRange(silo / embedded, 0.5, 1.1);
    }

    private static async Task<double> EmbeddedAsync()
    {
        using var directory = new TemporaryFolder();
        SqliteEventLog log = SqliteEventLog.Open(directory.At("log.db"), Partitions, TimeProvider.System);
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = (_, _) => Task.FromResult(new PlatformStorage("test", log, new SqliteStateStore(directory.Path),
                SqliteAlertLog.Open(directory.Path, TimeProvider.System))),
            Model = Small.Model,
            Threads = 2,
            Alerts = AlertRule.Off,
        });
        await platform.Ready;
        return await MeasureAsync(log, () => platform.DrainAsync(default), _ => Task.CompletedTask);
    }

    /// <summary>Bytes of the managed heap that a stream takes at rest.</summary>
    private static async Task<double> MeasureAsync(IEventLog log, Func<Task> applied, Func<Position, Task> committed)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var batch = new EventBatch();
        for (int stream = 0; stream < Streams; stream++)
        {
            batch.TryAdd(Encoding.UTF8.GetBytes(stream.ToString("stream-0000000", CultureInfo.InvariantCulture)), stream, "login"u8, []);
            if (batch.Count == BatchSize)
            {
                await log.AppendAsync(batch, null, default);
                batch.Clear();
            }
        }
        await applied();
        await committed(new Position([.. Enumerable.Range(0, Partitions).Select(p => (p, log.End(p).Sequence))]));
        return (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Streams;
    }

    /// <summary>Waits until the heap shrinks no more: timers hold the silos of the tests before this one, some 20 MB each, for about ten
    /// seconds after their end, and what is let go while something else is measured would count against it.</summary>
    private static async Task OthersAreGoneAsync()
    {
        const long noise = 300_000;
        long least = long.MaxValue;
        var quiet = Stopwatch.StartNew();
        await Until.TrueAsync(() =>
        {
            long now = GC.GetTotalMemory(forceFullCollection: true);
            if (now < least - noise)
            {
                least = now;
                quiet.Restart();
            }
            return quiet.Elapsed > TimeSpan.FromSeconds(12);
        }, TimeSpan.FromMinutes(2));
    }

    private static async Task CommittedAsync(IStateStore store, Position position)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach ((int partition, long sequence) in position.Parts)
        {
            while ((await store.ReadHeaderAsync(partition, limit.Token))?.Position is not { } committed || committed < sequence)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }
}

/// <summary>Tests that measure the process they run in.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
