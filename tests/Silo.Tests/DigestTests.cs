using Foretell.Cli.Cluster;
using Foretell.Engine.Events;
using Foretell.Hosting;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>Whatever the number of silos, a stream's state is what the embedded host makes of its events (law 5).</summary>
public sealed class DigestTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private static readonly EventColumns s_messages = new(Stream: "src", Time: "unix_time");

    private static string Shared(string file) => Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "data", file);

    [ClusterTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Digest_WhenFedThroughSilos_EqualsTheEmbeddedHosts(int silos)
    {
        List<EventBatch> batches = Batches();
        string expected = await EmbeddedDigestAsync(batches);
        await using SiloCluster cluster =
            await SiloCluster.StartAsync(postgres.Server, 8, Small.Model, [.. Enumerable.Repeat("gateway,ingest,worker", silos)]);
        using var sender = new Sender(cluster, cluster.Silos);
        foreach (EventBatch batch in batches)
        {
            await sender.SendAsync(batch);
        }
        await cluster.AppliedAsync(cluster.Silos[^1], batches.Sum(b => b.Count));
        Assert.Empty(sender.Surprises);

        await cluster.StopAllAsync();

        Assert.Equal(expected, await cluster.DigestAsync());
        await cluster.AssertEqualsReferenceAsync(sender.Accepted);
    }

    /// <summary>Real events where they lie beside the repository, and simulated ones everywhere.</summary>
    private static List<EventBatch> Batches()
    {
        long now = EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        List<EventBatch> batches = [.. Small.Workload(8000, 300, now).Chunk(1000).Select(EventSets.Batch)];
        foreach ((string file, EventColumns? columns) in new (string, EventColumns?)[] { ("taxi/dev.jsonl", null),
            ("collegemsg/replay.csv", s_messages) })
        {
            if (File.Exists(Shared(file)))
            {
                foreach (EventBatch batch in EventFile.ReadEvents(Shared(file), columns: columns, batchSize: 4000))
                {
                    var copy = new EventBatch();
                    for (int i = 0; i < batch.Count; i++)
                    {
                        var record = new LogRecord(batch[i]);
                        Assert.Null(copy.TryAdd(record.Key, record.TimeTicks, record.Mark, record.Id));
                    }
                    batches.Add(copy);
                }
            }
        }
        return batches;
    }

    internal static async Task<string> EmbeddedDigestAsync(List<EventBatch> batches)
    {
        using var directory = new TemporaryFolder();
        await using EmbeddedPlatform platform =
            await EmbeddedPlatform.OpenAsync(
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(directory.Path, 3), Model = Small.Model });
        foreach (EventBatch batch in batches)
        {
            await platform.AppendAsync(batch, null, default);
        }
        await platform.DrainAsync(default);
        return await platform.StateDigestAsync(default);
    }
}

/// <summary>A server that the tests of one class share.</summary>
public sealed class ClusterPostgres : IAsyncLifetime
{
    public ThrowawayPostgres? Server { get; private set; }

    public async ValueTask InitializeAsync() => Server = PostgresPrograms.Find() is null ? null : await ThrowawayPostgres.CreateAsync();

    public async ValueTask DisposeAsync() => await (Server?.DisposeAsync() ?? ValueTask.CompletedTask);
}
