using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Engine.Shards;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>A cluster is fed by a hub: one reader a partition, each event once, whoever is lost.</summary>
public sealed class EventHubTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private const int Seed = 3, HubPartitions = 4;

    [ClusterFact]
    public async Task Hub_WhenIngestSilosAreKilled_IsReadOnceAndInOrder()
    {
        // FORETELL_KILLS=20 is the long form.
        int kills = int.Parse(Environment.GetEnvironmentVariable("FORETELL_KILLS") ?? "2", CultureInfo.InvariantCulture);
        long now = EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        List<(string Stream, long Ticks, string Mark)> events = Small.Workload(12_000, 300, now);
        var hub = new Hub("events", HubPartitions);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 8, Small.Model);
        cluster.More["EventHubs__orders__Connection"] = endpoint.ConnectionString + ";EntityPath=events";
        await cluster.AddAllAsync(["gateway,worker", "ingest", "ingest"]);
        SiloProcess gateway = cluster.Silos[0];
        var random = new Random(Seed);
        int sent = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            int most = events.Count * (kill + 1) / (kills + 1);
            for (; sent < most; sent++)
            {
                Send(hub, events[sent]);
            }
            long until = sent - random.Next(1, 1 + events.Count / (kills + 1));
            await AcceptedAsync(cluster, gateway, until);
            SiloProcess lost = cluster.Silos.First(s => s.Roles == "ingest" && !s.HasExited);
            await lost.KillAsync();
            await cluster.AddAsync("ingest");
        }
        for (; sent < events.Count; sent++)
        {
            Send(hub, events[sent]);
        }

        await cluster.AppliedAsync(gateway, events.Count);

        JsonElement status = await cluster.StatusAsync(gateway);
        Assert.Equal(events.Count, status.GetProperty("eventsAccepted").GetInt64());
        Assert.Equal(HubPartitions, status.GetProperty("sources").GetArrayLength());
        Assert.DoesNotContain(cluster.Silos, s => s.Errors.Contains(TokenPolicy.DefaultKey, StringComparison.Ordinal));
        // Every reader had an epoch above the one before it.
        Assert.All(hub.Partitions, p => Assert.Equal(p.Attachments.Count, p.Attachments.Select(a => a.OwnerLevel).Distinct().Count()));
        await cluster.AssertEqualsReferenceAsync(events.Count);
        Assert.Equal(await OneByOneAsync(events), await DigestAsync(cluster));
    }

    [ClusterTheory]
    [InlineData("stream")]
    [InlineData("other")]
    [InlineData("robin")]
    public async Task Hub_OfRealEvents_MakesTheStatesThatTheirFileMakes(string keyedBy)
    {
        List<(string Stream, long Ticks, string Mark)> events = CollegeMessages();
        var hub = new Hub("events", HubPartitions);
        for (int i = 0; i < events.Count; i++)
        {
            // By another key that goes with the stream, each stream's events still keep their order; taking turns they do not.
            string stream = events[i].Stream;
            HubPartition? turn = keyedBy == "robin" ? hub.Partitions[i % HubPartitions] : null;
            Send(hub, events[i], keyedBy == "stream" ? stream : $"{stream[^1]}", turn);
        }
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 8, Small.Model);
        cluster.More["EventHubs__messages__Connection"] = endpoint.ConnectionString + ";EntityPath=events";
        await cluster.AddAllAsync([.. Enumerable.Repeat("gateway,ingest,worker", 3)]);

        await cluster.AppliedAsync(cluster.Silos[0], events.Count);

        JsonElement status = await cluster.StatusAsync(cluster.Silos[0]);
        Assert.Equal(events.Count, status.GetProperty("eventsAccepted").GetInt64());
        long late = status.GetProperty("deadLetters").GetInt64();
        Assert.Equal(events.Count, status.GetProperty("eventsApplied").GetInt64() + late);
        await cluster.AssertEqualsReferenceAsync(events.Count);
        if (keyedBy != "robin")
        {
            Assert.Equal(0, late);
            Assert.Equal(await OneByOneAsync(events), await DigestAsync(cluster));
        }
    }

    private static List<(string Stream, long Ticks, string Mark)> CollegeMessages() =>
    [
        .. File.ReadLines(SharedData.PathOf("collegemsg/replay.csv")).Skip(1).Select(line => line.Split(','))
            .Select(f => (f[1], long.Parse(f[0], CultureInfo.InvariantCulture) * EventTime.PerSecond, f[2])),
    ];

    /// <summary>Digest of the same events in the order in which they were sent.</summary>
    private static Task<string> OneByOneAsync(List<(string Stream, long Ticks, string Mark)> events) =>
        DigestTests.EmbeddedDigestAsync([.. events.Chunk(1000).Select(EventSets.Batch)]);

    private static async Task<string> DigestAsync(SiloCluster cluster)
    {
        await using var store = new PostgresStateStore(cluster.Options);
        return await PlatformDigest.OfStoreAsync(store, cluster.Partitions, Small.Serving, default);
    }

    private static async Task AcceptedAsync(SiloCluster cluster, SiloProcess gateway, long events)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while ((await cluster.StatusAsync(gateway)).GetProperty("eventsAccepted").GetInt64() < events)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static void Send(Hub hub, (string Stream, long Ticks, string Mark) e) => Send(hub, e, e.Stream, null);

    /// <summary>Sends an event to a partition, or to the one of a key.</summary>
    private static void Send(Hub hub, (string Stream, long Ticks, string Mark) e, string key, HubPartition? partition)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("stream", e.Stream);
            json.WriteString("time", EventTime.ToDateTimeOffset(e.Ticks).ToString("O", CultureInfo.InvariantCulture));
            if (e.Mark.Length > 0)
            {
                json.WriteString("mark", e.Mark);
            }
            json.WriteEndObject();
        }
        var message = new HubMessage(Encoding.UTF8.GetString(body.ToArray()));
        if (partition is null)
        {
            hub.Append(message, key);
        }
        else
        {
            partition.Append(message);
        }
    }
}
