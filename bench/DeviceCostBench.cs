using Foretell.Models.Network;

namespace Foretell.Bench;

/// <summary>What stays on the host when a device steps: nanoseconds of processor time an event, one thread, 100,000 streams in random
/// order; beside them the shard that steps on the CPU.</summary>
internal static class DeviceCostBench
{
    public const int Seed = 1, Streams = 100_000, Batch = 4096;
    private const int Rounds = 7;
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(400);

    public static Task RunAsync()
    {
        Console.WriteLine("ns an event, median of rounds (least to most)");
        foreach ((int width, int layers) in new[] { (32, 2), (64, 2), (128, 4) })
        {
            ForecastModel model = ForecastModel.Untrained(StepBench.Config(width, layers), Seed);
            using var cpu = new ShardFeed(model, null);
            using var bare = new ShardFeed(model, new IdleDevice(model));
            using var rows = new RowWork(model);
            (string Name, Func<TimeSpan> Work)[] parts =
            [
                ("shard that scores and steps on the CPU", cpu.Advance),
                ("shard alone", bare.Advance),
                ("events for the device", rows.PackEvents),
                ("rows gathered", rows.Gather),
                ("rows scattered", rows.Scatter),
                ("scores", rows.Score),
                ("(step alone, on the CPU)", rows.Step),
            ];
            double[] medians = Measure($"d={width} L={layers}", parts);
            double host = medians[1..6].Sum();
            Console.WriteLine(FormattableString.Invariant(
                $"d={width} L={layers} {"host of a device, the five parts together",-42} {host,7:N0}; the CPU's shard is {medians[0] / host:N2} times that"));
        }
        return Task.CompletedTask;
    }

    /// <summary>Processor time of some work.</summary>
    public static TimeSpan Timed(Action work)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        work();
        return Environment.CpuUsage.TotalTime - before;
    }

    /// <summary>Rounds of all parts by turns, so that a busy spell meets them all.</summary>
    private static double[] Measure(string name, (string Name, Func<TimeSpan> Work)[] parts)
    {
        List<double>[] rounds = [.. parts.Select(_ => new List<double>())];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int i = 0; i < parts.Length; i++)
            {
                TimeSpan spent = TimeSpan.Zero;
                long events = 0;
                for (; spent < s_round; events += Batch)
                {
                    spent += parts[i].Work();
                }
                // The first round warms up.
                if (round > 0)
                {
                    rounds[i].Add(spent.TotalNanoseconds / events);
                }
            }
        }
        Array.ForEach(rounds, r => r.Sort());
        for (int i = 0; i < parts.Length; i++)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{name} {parts[i].Name,-42} {rounds[i][Rounds / 2],7:N0} ({rounds[i][0]:N0} to {rounds[i][^1]:N0})"));
        }
        return [.. rounds.Select(r => r[Rounds / 2])];
    }
}
