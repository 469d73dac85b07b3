using System.Diagnostics;
using System.Text.Json.Nodes;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Npgsql;

namespace Foretell.Silo.Tests;

/// <summary>What readers of feeds hear while the silos that tell them come and go.</summary>
public sealed class FeedsTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private const string Front = "gateway,ingest", Worker = "worker";

    // A kill is noticed after some ten seconds, on a busy machine later.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private static readonly double s_silence = Deadline.Seconds(new AlertRule().Survival);

    [ClusterFact]
    public async Task StreamEvents_WhenTheWorkerIsKilled_GoOnAndAccountForEveryEvent()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        // A feed that is opened while its partition moves is told of it, and ends.
        await cluster.SharedAsync(s_limit);
        using var sender = new Sender(cluster, [gateway]);
        string[] streams = [cluster.KeyOf(0), cluster.KeyOf(1)];
        Reading[] readings = await Task.WhenAll(streams.Select(async stream =>
            new Reading(await cluster.OpenFeedAsync(gateway, $"/v1/streams/{Uri.EscapeDataString(stream)}/events"))));
        long clock = 2_000_000_000;

        for (int i = 0; i < Repetitions.Count; i++)
        {
            await SendAsync(20);
            await Task.WhenAll(cluster.Silos[1].KillAsync(), SendAsync(20));
            long[] missed = await Task.WhenAll(readings.Select(r => r.ReadToAsync(sender.Accepted / 2 + 1)));
            output.WriteLine($"kill {i + 1}: {string.Join(" and ", missed)} of 40 left out");
            await cluster.Silos[1].DisposeAsync();
            cluster.Silos.RemoveAt(1);
            await cluster.AddAsync(Worker);
            await cluster.ServedAsync(gateway, s_limit);
        }
        Array.ForEach(readings, r => r.Dispose());
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);

        async Task SendAsync(int events)
        {
            for (int i = 0; i < events; i++)
            {
                clock += EventTime.PerSecond;
                await sender.SendAsync([.. streams.Select(stream => (stream, clock, "view"))]);
            }
        }
    }

    [ClusterFact]
    public async Task Alerts_WhenSilosAreKilled_AreToldAtLeastOnceAndAtAnyGateway()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        using FeedReader alerts = await cluster.OpenFeedAsync(gateway, "/v1/alerts/events");
        var told = new Dictionary<string, string>();
        // In turn the other gateway, which may carry the pushes, and the workers, which raise the alerts.
        var roles = new Queue<string>([Front, Worker, Worker]);

        for (int i = 0; i < Repetitions.Count; i++)
        {
            // Due from two seconds before the kill on until long after the new owners have taken over.
            (string Stream, long Ticks, string)[] silent =
                [.. Enumerable.Range(0, 100).Select(n => Due($"user/{i}/{n}", TimeSpan.FromSeconds(1 + 0.2 * n)))];
            await sender.SendAsync([.. silent]);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await cluster.Silos[1].KillAsync();
            var clock = Stopwatch.StartNew();
            while (!silent.All(s => told.ContainsKey(s.Stream)))
            {
                (string name, string? id, JsonNode data) = await NextAsync(alerts);
                Assert.Equal("alert", name);
                told[(string)data["stream"]!] = id!;
            }
            string role = roles.Dequeue();
            output.WriteLine($"kill {i + 1}, {role}: all alerts told {clock.Elapsed.TotalSeconds:F1} s after it");
            await cluster.Silos[1].DisposeAsync();
            cluster.Silos.RemoveAt(1);
            await cluster.AddAsync(role);
            roles.Enqueue(role);
            await cluster.ServedAsync(gateway, s_limit);
        }

        // A reader that was away goes on at the other gateway without loss.
        string[] order =
            [.. told.OrderBy(t => long.Parse(t.Value.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture)).Select(t => t.Key)];
        using FeedReader elsewhere =
            await cluster.OpenFeedAsync(cluster.Silos[1 + roles.ToList().IndexOf(Front)], "/v1/alerts/events", told[order[10]]);
        foreach (string stream in order[11..])
        {
            (string name, string? id, JsonNode data) = await NextAsync(elsewhere);
            Assert.Equal(("alert", stream, told[stream]), (name, (string?)data["stream"], id));
        }
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    [ClusterFact]
    public async Task Feeds_WhenAPausedWorkerWakesUp_TellNothingOfItsOwn()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        SiloProcess paused = await cluster.AddAsync(Worker);
        await cluster.SharedAsync(s_limit);
        await cluster.ServedAsync(gateway, s_limit);
        using var sender = new Sender(cluster, [gateway]);
        using FeedReader alerts = await cluster.OpenFeedAsync(gateway, "/v1/alerts/events");
        Reading[] readings = await Task.WhenAll(Enumerable.Range(0, cluster.Partitions).Select(async p =>
            new Reading(await cluster.OpenFeedAsync(gateway, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(p))}/events"))));
        Assert.All(await Task.WhenAll(readings.Select(r => r.ReadToAsync(1))), missed => Assert.Equal(0, missed));
        // One stream after the other falls due. When the paused silo wakes up, all those due by then are overdue by its rows. By
        // the truth those that are due after the move are not: an event came in time, and only the new owners have it.
        var clock = Stopwatch.StartNew();
        (string Stream, double Due)[] streams = [.. Enumerable.Range(0, 400).Select(n => ($"user/{n}", 20 + 0.5 * n))];
        await sender.SendAsync([.. streams.Select(s => Due(s.Stream, TimeSpan.FromSeconds(s.Due)))]);
        await cluster.AppliedAsync(gateway, sender.Accepted + cluster.Partitions);

        paused.Pause();
        // On their way to it, or in its hands: nobody may hear of them from it.
        await sender.SendAsync([.. Enumerable.Range(0, cluster.Partitions).Select(p => (cluster.KeyOf(p), 2_000_000_000L, "view"))]);
        await cluster.ServedAsync(gateway, s_limit);
        (string Stream, double Due)[] later = [.. streams.Where(s => s.Due > clock.Elapsed.TotalSeconds)];
        await sender.SendAsync([.. later.Select(s => (s.Stream, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), "view"))]);
        await cluster.AppliedAsync(gateway, sender.Accepted + cluster.Partitions);
        (string Stream, double Due)[] inTime = [.. later.Where(s => s.Due > clock.Elapsed.TotalSeconds)];
        output.WriteLine($"the paused silo's partitions moved, and everything is applied, after {clock.Elapsed.TotalSeconds:F1} s");
        Assert.SkipWhen(inTime.Length < 40,
            "The machine was too busy: the partitions moved so late that no stream is left whose silence could be watched.");
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, inTime[39].Due - clock.Elapsed.TotalSeconds)));
        paused.Resume();

        // It has a while to do wrong; then an alert that is right shows that the feed would have told.
        await sender.SendAsync(Due("right", TimeSpan.FromSeconds(10)));
        var told = new HashSet<string>();
        while (!told.Contains("right"))
        {
            (string name, _, JsonNode data) = await NextAsync(alerts);
            Assert.Equal(("alert", 1), (name, (int)data["events"]!));
            told.Add((string)data["stream"]!);
        }
        Assert.Empty(streams.Except(later).Select(s => s.Stream).Except(told));
        Assert.Empty(inTime.Select(s => s.Stream).Intersect(told));
        Assert.Equal(told.Count, await AlertsAsync(cluster));
        Assert.All(await Task.WhenAll(readings.Select(r => r.ReadToAsync(2))), missed => Assert.Equal(0, missed));
        Array.ForEach(readings, r => r.Dispose());
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions, except: paused);
    }

    /// <summary>A first event that makes its stream overdue a while from now.</summary>
    private static (string Stream, long Ticks, string Mark) Due(string stream, TimeSpan due) =>
        (stream, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow + due - TimeSpan.FromSeconds(s_silence)), "view");

    private static async Task<(string Name, string? Id, JsonNode Data)> NextAsync(FeedReader reader) =>
        await reader.ReadAsync(s_limit);

    private static async Task<long> AlertsAsync(SiloCluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.Options.ConnectionString);
        await connection.OpenAsync();
        await using var count = new NpgsqlCommand($"SELECT count(*) FROM {cluster.Options.Schema}.alert", connection);
        return (long)(await count.ExecuteScalarAsync())!;
    }

    /// <summary>Follows a stream's feed, and holds it to its counts.</summary>
    private sealed class Reading(FeedReader feed) : IDisposable
    {
        private long _events;

        /// <summary>Reads up to a number of events; returns how many were left out on the way.</summary>
        public async Task<long> ReadToAsync(long events)
        {
            long missed = 0;
            while (_events < events)
            {
                (string name, string? id, JsonNode data) = await NextAsync(feed);
                if (name == "missed")
                {
                    missed += (long)data["missed"]!;
                    _events += (long)data["missed"]!;
                    continue;
                }
                Assert.True(name == "forecast", $"After {_events} events came {name}: {data.ToJsonString()}");
                Assert.Equal(("forecast", ++_events, $"{_events}"), (name, (long)data["events"]!, id));
            }
            return missed;
        }

        public void Dispose() => feed.Dispose();
    }
}
