using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.MockKafka;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>A cluster is fed by a topic, whose brokers know no owner levels: the epochs in the log alone keep each event to once.</summary>
public sealed class KafkaTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private const int Partitions = 4;

    [ClusterFact]
    public async Task Topic_WhenAnIngestSiloIsKilled_IsReadOnceAndInOrder()
    {
        long now = EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        List<(string Stream, long Ticks, string Mark)> events = Small.Workload(12_000, 300, now);
        using var kafka = new MockCluster("orders-v2", Partitions);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 8, Small.Model);
        cluster.More["Kafka__orders__Brokers"] = kafka.Brokers;
        cluster.More["Kafka__orders__Topic"] = kafka.Topic;
        await cluster.AddAllAsync(["gateway,worker", "ingest", "ingest"]);
        SiloProcess gateway = cluster.Silos[0];
        await SendAsync(kafka, events[..6000]);
        await cluster.AcceptedAsync(gateway, 3000);

        await cluster.Silos.First(s => s.Roles == "ingest").KillAsync();
        await SendAsync(kafka, events[6000..]);
        await cluster.AppliedAsync(gateway, events.Count);

        JsonElement status = await cluster.StatusAsync(gateway);
        Assert.Equal(events.Count, status.GetProperty("eventsAccepted").GetInt64());
        Assert.Equal(Partitions, status.GetProperty("sources").GetArrayLength());
        await cluster.AssertEqualsReferenceAsync(events.Count);
        Assert.Equal(await DigestTests.EmbeddedDigestAsync([.. events.Chunk(1000).Select(EventSets.Batch)]), await cluster.DigestAsync());
    }

    private static Task SendAsync(MockCluster kafka, List<(string Stream, long Ticks, string Mark)> events) =>
        Task.WhenAll(events.GroupBy(e => EventSets.PartitionOf(e.Stream, Partitions))
            .Select(p => kafka.SendAsync(p.Key, [.. p.Select(e => EventSets.Json(e))])));
}
