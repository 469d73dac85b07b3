using System.Globalization;
using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Network;
using Foretell.Stores.Postgres;
using Foretell.Stores.Sqlite;

namespace Foretell.Bench;

/// <summary>Memory of a million streams at rest: one event each, in the embedded host's process and in a silo's (Linux).</summary>
internal static class MemoryBench
{
    private const int Partitions = 8, Streams = 1_000_000, AppendSize = 100_000;
    private const double Goal = 1.10;

    private static readonly ForecastModel s_model = ForecastModel.Untrained(StepBench.Config(64, 2), 1);

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
        try
        {
            string model = Path.Combine(folder, "model.safetensors");
            s_model.Save(model);
            double embedded = await EmbeddedAsync(folder, model);
            double silo = await SiloAsync(model);
            Console.WriteLine(FormattableString.Invariant(
                $"a stream in a silo takes {silo / embedded:0.000} of what it takes in the embedded host (goal at most {Goal:0.00})"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> EmbeddedAsync(string folder, string model)
    {
        string full = Path.Combine(folder, "full");
        Directory.CreateDirectory(full);
        Position end;
        await using (SqliteEventLog log = SqliteEventLog.Open(Path.Combine(full, "log.db"), Partitions, TimeProvider.System))
        {
            end = await AppendAsync(log);
        }
        long[] resident = new long[2];
        foreach ((int index, string directory) in new[] { (0, Path.Combine(folder, "empty")), (1, full) })
        {
            await using HostProcess host = await HostProcess.StartAsync(directory, model);
            if (index == 1)
            {
                await host.AppliedAsync(end);
            }
            resident[index] = await RestAsync(host.Id);
        }
        return Print("embedded host", resident[0], resident[1]);
    }

    private static async Task<double> SiloAsync(string model)
    {
        await using LocalCluster cluster =
            await LocalCluster.CreateAsync(SiloPrograms.Settings(model, Partitions, "gateway,ingest,worker"), CancellationToken.None);
        await cluster.StartAsync(null, CancellationToken.None);
        await using var platform = new GatewayTarget(cluster, s_model);
        await platform.ReadyAsync(CancellationToken.None);
        int silo = cluster.Silos[0].Id;
        long empty = await RestAsync(silo);
        await using (PostgresEventLog log = await PostgresEventLog.OpenAsync(cluster.Database, null, TimeProvider.System))
        {
            await platform.DrainAsync(await AppendAsync(log), CancellationToken.None);
        }
        return Print("one silo", empty, await RestAsync(silo));
    }

    private static async Task<Position> AppendAsync(IEventLog log)
    {
        var batch = new EventBatch();
        byte[] key = new byte[16];
        "stream-"u8.CopyTo(key);
        for (int stream = 0; stream < Streams; stream++)
        {
            System.Buffers.Text.Utf8Formatter.TryFormat(stream, key.AsSpan(7), out int digits);
            batch.TryAdd(key.AsSpan(0, 7 + digits), stream * (EventTime.PerSecond / 1000), "mark-1"u8, []);
            if (batch.Count == AppendSize)
            {
                await log.AppendAsync(batch, null, CancellationToken.None);
                batch.Clear();
            }
        }
        return new Position([.. Enumerable.Range(0, log.PartitionCount).Select(p => (p, log.End(p).Sequence))]);
    }

    /// <summary>Resident bytes once the garbage is gone. The collector gives memory back over several collections: until ten of
    /// them have freed less than a hundredth.</summary>
    private static async Task<long> RestAsync(int process)
    {
        long least = long.MaxValue;
        for (int idle = 0; idle < 10; idle++)
        {
            await FullCollection.InduceAsync(process);
            await Task.Delay(TimeSpan.FromSeconds(1));
            string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            long resident = long.Parse(line["VmRSS:".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
            if (resident < 0.99 * least)
            {
                (least, idle) = (resident, 0);
            }
        }
        return least;
    }

    private static double Print(string name, long empty, long full)
    {
        double perStream = (full - empty) / (double)Streams;
        Console.WriteLine(FormattableString.Invariant($"{name,-16} {empty / 1e6,8:0} MB empty, {full / 1e6,8:0} MB with {Streams:N0} streams: {perStream:0} bytes a stream ({s_model.StateFloats * sizeof(float)} of them floats)"));
        return perStream;
    }
}
