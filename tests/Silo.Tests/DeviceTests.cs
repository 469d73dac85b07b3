using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>Silos with different devices serve one cluster. The GPU is ILGPU's emulation of one, which runs the same kernel.</summary>
public sealed class DeviceTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [ClusterFact]
    public async Task Digest_WhenPartitionsMoveBetweenCpuAndGpuUnderLoadAndTheGpuSiloIsKilled_EqualsTheEmbeddedHosts()
    {
        long now = EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        List<EventBatch> batches = [.. Small.Workload(9000, 300, now).Chunk(25).Select(EventSets.Batch)];
        string expected = await DigestTests.EmbeddedDigestAsync(batches);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 8, Small.Model, "gateway,ingest");
        SiloProcess gateway = cluster.Silos[0];
        cluster.More["Device"] = "cpu";
        await cluster.AddAsync("worker");
        using var sender = new Sender(cluster, [gateway]);
        // A third of the events for each of the three moves, slowly, so that they come all the while.
        TaskCompletionSource[] moved = [new(), new(), new()];
        int sent = 0;
        Task load = Task.Run(async () =>
        {
            foreach (EventBatch batch in batches)
            {
                Task over = moved[3 * sent / batches.Count].Task;
                await Task.WhenAny(over, Task.Delay(100));
                await sender.SendAsync(batch);
                if (3 * (sent + 1) / batches.Count > 3 * sent / batches.Count)
                {
                    await over;
                }
                Interlocked.Increment(ref sent);
            }
        });

        // The shards move to the GPU's silo under load, and are torn from it.
        SiloProcess gpu = await AddGpuAsync(cluster);
        await OnGpuAsync(cluster, gateway, 4);
        int atMove = Volatile.Read(ref sent);
        moved[0].SetResult();
        await gpu.KillAsync();
        int atKill = Volatile.Read(ref sent);
        await OnGpuAsync(cluster, gateway, 0);
        moved[1].SetResult();

        // And once more, to stay.
        SiloProcess second = await AddGpuAsync(cluster);
        await OnGpuAsync(cluster, gateway, 4);
        int atSecond = Volatile.Read(ref sent);
        moved[2].SetResult();
        await load;
        await cluster.AppliedAsync(gateway, batches.Sum(b => b.Count));
        Assert.Empty(sender.Surprises);
        output.WriteLine($"of {batches.Count} batches {atMove} were sent at the first move, {atKill} at the kill, {atSecond} at the second move");
        Assert.True(0 < atMove && atMove <= atKill && atKill < atSecond && atSecond < batches.Count, $"{atMove}, {atKill}, {atSecond}");
        await cluster.AssertEqualsReferenceAsync(sender.Accepted);
        Assert.Equal(expected, await cluster.DigestAsync());
        Assert.DoesNotContain("not used any more", second.Errors, StringComparison.Ordinal);
    }

    [ClusterFact]
    public async Task Start_WhenTheDeviceIsNotThere_SaysSoOrTakesTheCpuAsItIsTold()
    {
        Assert.SkipWhen(File.Exists("/dev/nvidia0"), "There is a GPU.");
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 1, Small.Model, "gateway,ingest");
        Dictionary<string, string> settings = cluster.Settings("worker");
        settings["Device"] = "cuda:1";

        (int exitCode, _, string errors) = await SiloProcess.RunAsync(settings);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Foretell:Device is 'cuda:1', which cannot be used. There is no GPU here", errors, StringComparison.Ordinal);

        settings["Device"] = "torch-cpu";
        (exitCode, _, errors) = await SiloProcess.RunAsync(settings);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Foretell:Device is 'torch-cpu', which cannot be used. This edition of Foretell was built without Torch", errors,
            StringComparison.Ordinal);

        cluster.More["Device"] = "auto";
        SiloProcess silo = await cluster.AddAsync("worker");
        await silo.SaysAsync("Rows are stepped on the CPU. There is no GPU here");
    }

    private static async Task<SiloProcess> AddGpuAsync(SiloCluster cluster)
    {
        cluster.More["Device"] = "emulated";
        // Single events of the busiest stream stay on the CPU, as they would beside a GPU.
        cluster.More["DeviceLeastWave"] = "2";
        SiloProcess silo = await cluster.AddAsync("worker");
        await silo.SaysAsync("Rows are stepped on emulated, which gives the bits of the CPU");
        return silo;
    }

    /// <summary>Waits until so many partitions are on the device, as the status tells it.</summary>
    private static async Task OnGpuAsync(SiloCluster cluster, SiloProcess gateway, int partitions)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            JsonElement status = await cluster.StatusAsync(gateway);
            JsonElement[] devices = [.. status.GetProperty("devices").EnumerateArray()];
            Assert.All(devices, d => Assert.Equal(JsonValueKind.Null, d.GetProperty("problem").ValueKind));
            int found = devices.Where(d => d.GetProperty("device").GetString() == "emulated").Sum(d => d.GetProperty("partitions").GetInt32());
            if (found == partitions && status.GetProperty("ready").GetBoolean())
            {
                return;
            }
            await Task.Delay(100, limit.Token);
        }
    }
}
