using System.Text.Json;
using System.Text.Json.Nodes;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>A cluster publishes to a hub: a reader that drops repeats has each alert once, whoever is lost.</summary>
public sealed class PublishTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    // A kill is noticed after some ten seconds, on a busy machine later.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private static readonly double s_silence = Deadline.Seconds(new AlertRule().Survival);

    [ClusterFact]
    public async Task Alerts_WhenTheSiloThatPublishesIsKilled_ReachTheHub()
    {
        var hub = new Hub("out", partitions: 2);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        cluster.More["Publish__ops__Connection"] = endpoint.ConnectionString + ";EntityPath=out";
        cluster.More["Publish__ops__Streams__0"] = "watched";
        await cluster.AddAllAsync(["gateway,worker", "ingest"]);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        // Until the place to begin at is in the log, nobody has asked for the alerts.
        await SinkAsync(cluster, gateway, "alerts", sink => sink.GetProperty("number").ValueKind == JsonValueKind.Number);

        List<string> silent = [];
        for (int i = 0; i < Repetitions.Count; i++)
        {
            // Due from before the kill on until long after the next publisher has begun.
            (string Stream, long Ticks, string)[] due =
                [.. Enumerable.Range(0, 60).Select(n => Due($"user/{i}/{n}", TimeSpan.FromSeconds(0.5 + 0.2 * n)))];
            await sender.SendAsync([.. due, ("watched", EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), "view")]);
            silent.AddRange(due.Select(d => d.Stream));
            hub.LostAcknowledgements.Arm(1);
            await hub.UntilAsync(h => Of(h, "foretell.alert").Any(e => ((string)e["subject"]!).StartsWith($"user/{i}/", StringComparison.Ordinal)),
                s_limit);
            SiloProcess lost = cluster.Silos.First(s => s.Roles == "ingest" && !s.HasExited);
            await lost.KillAsync();
            await cluster.AddAsync("ingest");
        }

        await hub.UntilAsync(h => silent.All(Of(h, "foretell.alert").Select(e => (string)e["subject"]!).ToHashSet().Contains)
            && Of(h, "foretell.forecast").Any(e => (int)e["data"]!["events"]! == Repetitions.Count), s_limit);
        JsonNode[] alerts = [.. Of(hub, "foretell.alert").DistinctBy(e => ((string)e["source"]!, (string)e["id"]!))];
        Assert.Equal(alerts.Length, alerts.Select(e => ((string)e["data"]!["stream"]!, (long)e["data"]!["events"]!)).Distinct().Count());
        Assert.All(Of(hub, "foretell.forecast"), e => Assert.Equal("watched", (string?)e["subject"]));
        Assert.Equal(0, (await SinkAsync(cluster, gateway, "alerts", sink => sink.GetProperty("problem").ValueKind == JsonValueKind.Null))
            .GetProperty("missed").GetInt64());
        Assert.DoesNotContain(cluster.Silos, s => s.Errors.Contains(TokenPolicy.DefaultKey, StringComparison.Ordinal));
    }

    private static (string Stream, long Ticks, string Mark) Due(string stream, TimeSpan due) =>
        (stream, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow + due - TimeSpan.FromSeconds(s_silence)), "view");

    private static IEnumerable<JsonNode> Of(Hub hub, string type) => hub.Partitions.SelectMany(p => p.Events())
        .Select(e => JsonNode.Parse(e.Message.Text)!).Where(e => (string?)e["type"] == type);

    /// <summary>Waits until a gateway says of a feed what is wanted.</summary>
    private static async Task<JsonElement> SinkAsync(SiloCluster cluster, SiloProcess gateway, string feed, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            JsonElement sinks = (await cluster.StatusAsync(gateway)).GetProperty("sinks");
            foreach (JsonElement sink in sinks.EnumerateArray().Where(s => s.GetProperty("feed").GetString() == feed))
            {
                if (wanted(sink))
                {
                    Assert.Equal("ops", sink.GetProperty("sink").GetString(), ignoreCase: true);
                    return sink;
                }
            }
            await Task.Delay(50, limit.Token);
        }
    }
}
