using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>What a user sees, and what the log and store say afterwards, when silos and the database come and go.</summary>
public sealed class FailoverTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private const string Front = "gateway,ingest", Worker = "worker";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    /// <summary>
    /// A gateway gives a silent owner 2 s. Twice that leaves room for a machine whose few processors the silos and
    /// their clients share, and is far from the 10 s that Orleans' own limit grants the longest question.
    /// </summary>
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(4);

    private static readonly List<(string, long, string)> s_events =
        Small.Workload(20_000, 500, EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    [ClusterFact]
    public Task Kill_WhenAWorkerDiesUnderLoad_LosesNothingAndServesAgainWithin15Seconds() =>
        ReplaceWorkersUnderLoadAsync(async (cluster, victim) =>
    {
        await victim.KillAsync();
        TimeSpan outage = await cluster.ServedAsync(cluster.Silos[0], TimeSpan.FromSeconds(15));
        return $"killed, served again after {outage.TotalSeconds:F1} s";
    });

    [ClusterFact]
    public Task Stop_WhenAWorkerLeavesUnderLoad_LosesNothingAndServesAgainWithin3Seconds() =>
        ReplaceWorkersUnderLoadAsync(async (cluster, leaving) =>
    {
        Task<int> stopping = leaving.StopAsync();
        TimeSpan longest = await LongestOutageAsync(cluster, cluster.Silos[0], stopping);
        Assert.Equal(0, await stopping);
        Assert.True(longest < TimeSpan.FromSeconds(3), $"A partition was out for {longest}.");
        return $"stopped, longest outage of a partition {longest.TotalSeconds:F2} s";
    });

    [ClusterFact]
    public async Task Pause_WhenAWorkerWakesUpAfterItsShardsMoved_NeitherAnswersNorCommits()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, "gateway,ingest", "gateway,worker");
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        // The silo to be paused is a gateway, too: it is asked directly, and its shards are right there. It commits so
        // seldom that it wakes up with rows that no commit holds. It gets its share of the partitions once it is known.
        cluster.CommitSeconds = 60;
        SiloProcess paused = await cluster.AddAsync("gateway,worker");
        await paused.SaysAsync("is served here");
        using var sender = new Sender(cluster, [gateway]);
        await sender.SendAsync([.. s_events.Take(2000)]);
        await cluster.AppliedAsync(gateway, sender.Accepted + cluster.Partitions);

        paused.Pause();
        // Its connections stay open, so only unanswered probes give it away, as fast as where it is killed.
        Task<TimeSpan> served = cluster.ServedAsync(gateway, TimeSpan.FromSeconds(15));
        (TimeSpan longest, string route, int refusals) = await LongestAnswerAsync(cluster, gateway, served);
        TimeSpan moved = await served;
        output.WriteLine($"the paused silo's partitions are served elsewhere after {moved.TotalSeconds:F1} s, "
            + $"longest answer until then {longest.TotalSeconds:F2} s ({route}), {refusals} refusals");
        Assert.True(longest < s_answerLimit, $"{route} was answered after {longest}.");
        Assert.True(refusals > 0, "The paused silo served nothing that was asked for.");
        // The new owners go on, so that any older state can be told from theirs.
        long later = 2_000_000_000;
        await sender.SendAsync([.. Enumerable.Range(0, cluster.Partitions).Select(p => (cluster.KeyOf(p), later, "view"))]);
        await cluster.AppliedAsync(gateway, sender.Accepted + cluster.Partitions);

        // The questions wait at the paused process's door and are the first thing that it sees.
        Task<HttpResponseMessage>[] questions = [.. Enumerable.Range(0, 40).Select(i =>
            cluster.Http.GetAsync(new Uri(paused.Url, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(i % cluster.Partitions))}")))];
        // Time for them to get there; nothing else tells that they lie in its socket.
        await Task.Delay(TimeSpan.FromSeconds(1));
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
                    Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}: {paused.Errors}");
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
        // It finds out by itself, and lets go: of its shards, or of its life.
        await Until.TrueAsync(() => paused.HasExited || paused.Errors.Contains("stopped here", StringComparison.Ordinal)
            || paused.Errors.Contains("left this silo", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60));
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions, except: paused);
    }

    [ClusterFact]
    public async Task Database_WhenItIsAwayFor30Seconds_CostsNothingButTime()
    {
        // A server of its own: others must not lose theirs.
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        Task load = sender.RunAsync(s_events, batchSize: 200);
        await Until.TrueAsync(() => sender.Accepted >= 2000, s_limit);
        int[] processes = [.. cluster.Silos.Select(s => s.Id)];

        await cluster.Postgres.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(30));
        Assert.All(cluster.Silos, s => Assert.False(s.HasExited, s.Errors));
        using (HttpResponseMessage live = await cluster.Http.GetAsync(new Uri(gateway.Url, "/health/live")))
        {
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }
        long before = sender.Accepted;
        await cluster.Postgres.StartAsync();
        TimeSpan back = await cluster.ServedAsync(gateway, TimeSpan.FromSeconds(30));
        await Until.TrueAsync(() => sender.Accepted >= before + 2000, s_limit);
        output.WriteLine($"served again {back.TotalSeconds:F1} s after the database came back");
        sender.Stop();
        await load;
        Assert.Empty(sender.Surprises);
        Assert.Equal(processes, cluster.Silos.Select(s => s.Id));
        Assert.All(cluster.Silos, s => Assert.False(s.HasExited, s.Errors));
        await cluster.AppliedAsync(gateway, sender.Accepted + cluster.Partitions);
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    [ClusterFact]
    public async Task Load_WhenEveryProcessorIsBusy_MakesNobodyDeclareASiloDead()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        Task load = sender.RunAsync(s_events, batchSize: 2000);
        using var over = new CancellationTokenSource(Repetitions.BusyTime);
        Thread[] burners = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Thread.SpinWait(1000);
            }
        }))];
        Array.ForEach(burners, t => t.Start());
        await Task.Run(() => Array.ForEach(burners, t => t.Join()));

        sender.Stop();
        await load;
        Assert.All(cluster.Silos, s => Assert.False(s.HasExited, s.Errors));
        const int Active = 3;
        await using (var connection = new Npgsql.NpgsqlConnection(cluster.Options.ConnectionString))
        {
            await connection.OpenAsync();
            await using var count =
                new Npgsql.NpgsqlCommand(
                $"SELECT count(*) FILTER (WHERE status = {Active}), count(*) FROM {cluster.Options.Schema}.OrleansMembershipTable",
                connection);
            await using Npgsql.NpgsqlDataReader row = await count.ExecuteReaderAsync();
            Assert.True(await row.ReadAsync());
            Assert.Equal((3, 3), (row.GetInt64(0), row.GetInt64(1)));
        }
        output.WriteLine($"{sender.Accepted} events accepted in {Repetitions.BusyTime.TotalSeconds} s");
        Assert.Empty(sender.Surprises);
        await cluster.AppliedAsync(gateway, sender.Accepted);
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    /// <summary>Takes a worker away under load and starts another, several times; afterwards everything accepted must be there,
    /// once.</summary>
    /// <param name="takeAway">Given the cluster without the worker in its list, and the worker; returns what was seen.</param>
    private async Task ReplaceWorkersUnderLoadAsync(Func<SiloCluster, SiloProcess, Task<string>> takeAway)
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model, Front, Worker, Worker);
        SiloProcess gateway = cluster.Silos[0];
        await cluster.ProbeAllAsync(gateway);
        using var sender = new Sender(cluster, [gateway]);
        Task load = sender.RunAsync(s_events, batchSize: 200);

        for (int i = 0; i < Repetitions.Count; i++)
        {
            await using SiloProcess worker = cluster.Silos[1];
            cluster.Silos.RemoveAt(1);
            string seen = await takeAway(cluster, worker);
            output.WriteLine($"round {i + 1}: {seen}, {sender.Accepted} events accepted");
            await cluster.AddAsync(Worker);
        }
        sender.Stop();
        await load;
        Assert.Empty(sender.Surprises);
        await cluster.AppliedAsync(gateway, sender.Accepted);
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    /// <summary>Asks by every route to the shards until a task ends; each answer is 200, or a proper 503.</summary>
    /// <returns>The longest time that an answer took, by which route, and how many were 503.</returns>
    private static async Task<(TimeSpan Longest, string Route, int Refusals)> LongestAnswerAsync(
        SiloCluster cluster, SiloProcess gateway, Task end)
    {
        string[] streams = [.. Enumerable.Range(0, cluster.Partitions).Select(cluster.KeyOf)];
        string[] routes =
        [
            .. streams.Select(s => $"/v1/streams/{Uri.EscapeDataString(s)}")
                .SelectMany(s => new[] { s, $"{s}/forecast?expectedCount=false", $"{s}/events" }),
            "/v1/overdue?limit=1",
            "/v1/dead-letters?limit=1",
            $"/v1/models/{cluster.Model.Id}/calibration",
            "/v1/status",
            "/v1/forecasts",
        ];
        // Many streams of the silent owner in one request, which must not take its patience for each of them.
        IEnumerable<string> many = Enumerable.Repeat(streams, 20).SelectMany(s => s);
        string body = JsonSerializer.Serialize(new { streams = many, expectedCount = false });
        (TimeSpan Longest, string Route, int Refusals)[] seen = await Task.WhenAll(routes.Select(RepeatAsync));
        (TimeSpan longest, string route, _) = seen.MaxBy(s => s.Longest);
        return (longest, route, seen.Sum(s => s.Refusals));

        async Task<(TimeSpan, string, int)> RepeatAsync(string route)
        {
            (TimeSpan longest, int refusals) = (TimeSpan.Zero, 0);
            while (!end.IsCompleted)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Url, route));
                if (route == "/v1/forecasts")
                {
                    request.Method = HttpMethod.Post;
                    request.Content = new StringContent(body, Encoding.UTF8, "application/json");
                }
                long asked = TimeProvider.System.GetTimestamp();
                // A feed goes on; what counts is when it begins.
                using HttpResponseMessage answer =
                    await cluster.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                TimeSpan took = TimeProvider.System.GetElapsedTime(asked);
                longest = took > longest ? took : longest;
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    Assert.NotNull(answer.Headers.RetryAfter);
                    refusals++;
                }
                else
                {
                    Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{route} is answered {answer.StatusCode}.");
                }
                await Task.Delay(20);
            }
            return (longest, route, refusals);
        }
    }

    /// <summary>Asks every partition all the time until the silo has left and a while beyond; returns the longest time without an
    /// answer.</summary>
    private static async Task<TimeSpan> LongestOutageAsync(SiloCluster cluster, SiloProcess gateway, Task stopping)
    {
        TimeSpan[] longest = await Task.WhenAll(Enumerable.Range(0, cluster.Partitions).Select(async partition =>
        {
            TimeSpan worst = TimeSpan.Zero;
            long lastAnswer = TimeProvider.System.GetTimestamp();
            for (bool last = false; !last;)
            {
                last = stopping.IsCompleted;
                using HttpResponseMessage answer =
                    await cluster.Http.GetAsync(new Uri(gateway.Url, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(partition))}"));
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
