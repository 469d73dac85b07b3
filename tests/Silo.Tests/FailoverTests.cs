using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Foretell.Streams;
using Foretell.Streams.Tests;
using Xunit.Abstractions;

namespace Foretell.Silo.Tests;

/// <summary>What a user sees, and what the log and store say afterwards, when silos and the database come and go.</summary>
public sealed class FailoverTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private const string Front = "gateway,ingest", Worker = "worker";

    private static readonly List<(string, long, string)> s_events =
        Small.Workload(20_000, 500, EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    [ClusterFact]
    public async Task Kill_WhenAWorkerDiesUnderLoad_LosesNothingAndServesAgainWithin15Seconds()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var feed = new Feed(cluster, [gateway]);
        Task load = feed.RunAsync(s_events, batchSize: 200);

        for (int i = 0; i < Repetitions.Count; i++)
        {
            SiloProcess victim = cluster.Silos[1];
            cluster.Silos.RemoveAt(1);
            await victim.KillAsync();
            TimeSpan outage = await cluster.ServedAsync(gateway, TimeSpan.FromSeconds(15));
            output.WriteLine($"kill {i + 1}: served again after {outage.TotalSeconds:F1} s, {feed.Accepted} events accepted");
            await victim.DisposeAsync();
            await cluster.AddAsync(Worker);
        }
        feed.Stop();
        await load;
        Assert.Empty(feed.Surprises);
        await cluster.AppliedAsync(gateway, feed.Accepted);
        await cluster.AssertEqualsReferenceAsync(feed.Accepted + cluster.Partitions);
    }

    [ClusterFact]
    public async Task Stop_WhenAWorkerLeavesUnderLoad_LosesNothingAndServesAgainWithin3Seconds()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var feed = new Feed(cluster, [gateway]);
        Task load = feed.RunAsync(s_events, batchSize: 200);

        for (int i = 0; i < Repetitions.Count; i++)
        {
            SiloProcess leaving = cluster.Silos[1];
            cluster.Silos.RemoveAt(1);
            Task<int> stopping = leaving.StopAsync();
            TimeSpan longest = await LongestOutageAsync(cluster, gateway, stopping);
            Assert.Equal(0, await stopping);
            output.WriteLine($"stop {i + 1}: longest outage of a partition {longest.TotalSeconds:F2} s, {feed.Accepted} events accepted");
            Assert.True(longest < TimeSpan.FromSeconds(3), $"A partition was out for {longest}.");
            await leaving.DisposeAsync();
            await cluster.AddAsync(Worker);
        }
        feed.Stop();
        await load;
        Assert.Empty(feed.Surprises);
        await cluster.AppliedAsync(gateway, feed.Accepted);
        await cluster.AssertEqualsReferenceAsync(feed.Accepted + cluster.Partitions);
    }

    [ClusterFact]
    public async Task Pause_WhenAWorkerWakesUpAfterItsShardsMoved_NeitherAnswersNorCommits()
    {
        // The paused silo is a gateway, too: it is asked directly, and its shards are right there.
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, "gateway,ingest", "gateway,worker", "gateway,worker");
        SiloProcess gateway = cluster.Silos[0], paused = cluster.Silos[1];
        await cluster.ProbeAllAsync(gateway);
        using var feed = new Feed(cluster, [gateway]);
        await feed.SendAsync([.. s_events.Take(2000)]);
        await cluster.AppliedAsync(gateway, feed.Accepted + cluster.Partitions);

        paused.Pause();
        await cluster.ServedAsync(gateway, TimeSpan.FromSeconds(30));
        // The new owners go on, so that any older state can be told from theirs.
        long later = 2_000_000_000;
        await feed.SendAsync([.. Enumerable.Range(0, cluster.Partitions).Select(p => (cluster.KeyOf(p), later, "view"))]);
        await cluster.AppliedAsync(gateway, feed.Accepted + cluster.Partitions);

        // The questions wait at the paused process's door and are the first thing that it sees.
        Task<HttpResponseMessage>[] questions = [.. Enumerable.Range(0, 40).Select(i =>
            cluster.Http.GetAsync(new Uri(paused.Url, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(i % cluster.Partitions))}")))];
        paused.Resume();
        int refused = 0, right = 0;
        foreach (Task<HttpResponseMessage> question in questions)
        {
            try
            {
                using HttpResponseMessage answer = await question;
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    // It may ask the new owner; what it must not do is to answer from its own, older rows.
                    Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("events").GetInt64());
                    right++;
                }
                else
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    refused++;
                }
            }
            catch (HttpRequestException)
            {
                // The silo ended itself on learning that the others had given it up.
                refused++;
            }
        }
        output.WriteLine($"{refused} refused, {right} answered by the new owners");
        await cluster.AssertEqualsReferenceAsync(feed.Accepted + cluster.Partitions, except: paused);
    }

    [ClusterFact]
    public async Task Database_WhenItIsAwayFor30Seconds_CostsNothingButTime()
    {
        // A server of its own: others must not lose theirs.
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var feed = new Feed(cluster, [gateway]);
        Task load = feed.RunAsync(s_events, batchSize: 200);
        while (feed.Accepted < 2000)
        {
            await Task.Delay(50);
        }
        int[] processes = [.. cluster.Silos.Select(s => s.Id)];

        await cluster.Postgres.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(30));
        Assert.All(cluster.Silos, s => Assert.False(s.HasExited, s.Errors));
        using (HttpResponseMessage live = await cluster.Http.GetAsync(new Uri(gateway.Url, "/health/live")))
        {
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }
        long before = feed.Accepted;
        await cluster.Postgres.StartAsync();
        TimeSpan back = await cluster.ServedAsync(gateway, TimeSpan.FromSeconds(30));
        while (feed.Accepted < before + 2000)
        {
            await Task.Delay(50);
        }
        output.WriteLine($"served again {back.TotalSeconds:F1} s after the database came back");
        feed.Stop();
        await load;
        Assert.Empty(feed.Surprises);
        Assert.Equal(processes, cluster.Silos.Select(s => s.Id));
        Assert.All(cluster.Silos, s => Assert.False(s.HasExited, s.Errors));
        await cluster.AppliedAsync(gateway, feed.Accepted + cluster.Partitions);
        await cluster.AssertEqualsReferenceAsync(feed.Accepted + cluster.Partitions);
    }

    /// <summary>Asks every partition all the time until the silo has left and a while beyond; returns the longest time without an answer.</summary>
    private static async Task<TimeSpan> LongestOutageAsync(SiloCluster cluster, SiloProcess gateway, Task stopping)
    {
        TimeSpan[] longest = await Task.WhenAll(Enumerable.Range(0, cluster.Partitions).Select(async partition =>
        {
            TimeSpan worst = TimeSpan.Zero;
            long lastAnswer = TimeProvider.System.GetTimestamp();
            for (bool last = false; !last;)
            {
                last = stopping.IsCompleted;
                using HttpResponseMessage answer = await cluster.Http.GetAsync(new Uri(gateway.Url, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(partition))}"));
                TimeSpan gap = TimeProvider.System.GetElapsedTime(lastAnswer);
                worst = gap > worst ? gap : worst;
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    lastAnswer = TimeProvider.System.GetTimestamp();
                }
                else
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    Assert.NotNull(answer.Headers.RetryAfter);
                    Assert.True(gap < TimeSpan.FromSeconds(30), $"Partition {partition} is out for {gap}.");
                    last = false;
                }
                await Task.Delay(20);
            }
            return worst;
        }));
        return longest.Max();
    }
}
