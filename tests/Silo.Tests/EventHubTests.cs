using System.Globalization;
using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
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
            await cluster.AcceptedAsync(gateway, until);
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
        Assert.Equal(await OneByOneAsync(events), await cluster.DigestAsync());
    }

    [ClusterTheory]
    [InlineData("stream")]
    [InlineData("other")]
    [InlineData("robin")]
    public async Task Hub_OfRealEvents_MakesTheStatesThatTheirFileMakes(string keyedBy)
    {
        List<(string Stream, long Ticks, string Mark)> events = SharedData.CollegeMessages();
        var hub = new Hub("events", HubPartitions);
        for (int i = 0; i < events.Count; i++)
        {
            var message = new HubMessage(EventSets.Json(events[i]));
            if (keyedBy == "robin")
            {
                hub.Partitions[i % HubPartitions].Append(message);
                continue;
            }
            // By another key that goes with the stream, each stream's events still keep their order.
            string stream = events[i].Stream;
            hub.Append(message, keyedBy == "stream" ? stream : $"{stream[^1]}");
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
            Assert.Equal(await OneByOneAsync(events), await cluster.DigestAsync());
        }
    }

    /// <summary>Digest of the same events in the order in which they were sent.</summary>
    private static Task<string> OneByOneAsync(List<(string Stream, long Ticks, string Mark)> events) =>
        DigestTests.EmbeddedDigestAsync([.. events.Chunk(1000).Select(EventSets.Batch)]);

    private static void Send(Hub hub, (string Stream, long Ticks, string Mark) e) =>
        hub.Append(new HubMessage(EventSets.Json(e)), e.Stream);
}
