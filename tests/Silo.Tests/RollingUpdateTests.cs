using System.Diagnostics;
using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>Silos of two releases share a cluster while it is updated, and while an update is taken back.</summary>
public sealed class RollingUpdateTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private const string Front = "gateway,ingest", Worker = "worker";

    private static readonly List<(string, long, string)> s_events =
        Small.Workload(20_000, 500, EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    [ClusterTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Update_WhenSilosAreReplacedOneByOneUnderLoad_LosesNothing(bool forward)
    {
        (SiloLaunch before, SiloLaunch after) = forward ? (SiloLaunch.Today, SiloLaunch.Next) : (SiloLaunch.Next, SiloLaunch.Today);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model);
        // Readers and shards live on different silos, so every batch and every answer crosses from one process to another.
        string[] roles = [Worker, Front, Worker, Front];
        await cluster.AddAllAsync(roles, before);
        using var sender = new Sender(cluster, cluster.With(Front));
        await cluster.ProbeAllAsync(sender.Gateways[0]);
        Task load = sender.RunAsync(s_events, batchSize: 50);
        var clock = Stopwatch.StartNew();

        foreach (string role in roles)
        {
            // The new one first, as an orchestrator does it. It gets its share when the old one has left.
            SiloProcess leaving = cluster.Silos.First(s => s.Roles == role && s.Launch == before),
                coming = await cluster.AddAsync(role, after);
            if (role == Front)
            {
                sender.Gateways[sender.Gateways.IndexOf(leaving)] = coming;
            }
            Assert.Equal(0, await leaving.StopAsync());
            cluster.Silos.Remove(leaving);
            await leaving.DisposeAsync();
            TimeSpan outage = await cluster.ServedAsync(sender.Gateways[0], TimeSpan.FromSeconds(30));
            // Both releases at work on the same partitions, until the last silo is replaced.
            await MoreAsync(cluster, sender, 2000);
            output.WriteLine($"after {clock.Elapsed.TotalSeconds:F0} s {role}: served again after {outage.TotalSeconds:F1} s, {sender.Accepted} events accepted");
        }
        // A worker whose predecessor had nothing left is given its share once the members have been the same for a while.
        await cluster.SharedAsync(TimeSpan.FromSeconds(60));
        sender.Stop();
        await load;

        Assert.All(cluster.Silos, s => Assert.Equal(after, s.Launch));
        Assert.All(cluster.With(Worker), s => Assert.Contains("is served here", s.Errors, StringComparison.Ordinal));
        Assert.Empty(sender.Surprises);
        await cluster.AppliedAsync(sender.Gateways[0], sender.Accepted + cluster.Partitions);
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    /// <summary>Waits until some more events were accepted, and all of them applied.</summary>
    private static async Task MoreAsync(SiloCluster cluster, Sender sender, long events)
    {
        long wanted = sender.Accepted + events;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (sender.Accepted < wanted)
        {
            await Task.Delay(50, limit.Token);
        }
        while (true)
        {
            JsonElement status = await cluster.StatusAsync(sender.Gateways[0]);
            if (status.GetProperty("eventsApplied").GetInt64() + status.GetProperty("deadLetters").GetInt64() >= wanted)
            {
                return;
            }
            await Task.Delay(50, limit.Token);
        }
    }
}
