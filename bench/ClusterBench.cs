using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Models.Network;

namespace Foretell.Bench;

/// <summary>
/// What a cluster costs: events applied and committed per second of processor time through reader, ShardGrain and step, in
/// silos of their own, against the embedded host in the same run. Every host finds the same events in its log; appending
/// them is nobody's cost, and neither is the database.
/// </summary>
/// <remarks>The hosts take turns, round by round, and a ratio is taken within a round: a machine that is busy elsewhere slows all
/// of them.</remarks>
internal static class ClusterBench
{
    public const int Partitions = 4;

    private const int Rounds = 5, WarmUp = 1_000_000, Count = 2_000_000, AppendSize = 100_000;
    private const double Goal = 0.60;

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
        try
        {
            ForecastModel model = ForecastModel.Untrained(StepBench.Config(64, 2), 1);
            string file = Path.Combine(folder, "model.safetensors");
            model.Save(file);
            await using var embedded = new EmbeddedLayout(model, folder);
            await using EmbeddedLayout onPostgres = await EmbeddedLayout.OnPostgresAsync(model, folder);
            await using SiloLayout one = await SiloLayout.StartAsync("one silo with every role", model, file, "gateway,ingest,worker");
            await using SiloLayout two =
                await SiloLayout.StartAsync("gateway+ingest silo, worker silo", model, file, "gateway,ingest", "worker");
            ILayout[] layouts = [embedded, onPostgres, one, two];
            double[][] rates = [.. layouts.Select(_ => new double[Rounds])];
            foreach (ILayout layout in layouts)
            {
                await layout.ApplyAsync(0, WarmUp);
            }
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < layouts.Length; i++)
                {
                    rates[i][round] = Count / await layouts[i].ApplyAsync(round + 1, Count);
                }
            }
            for (int i = 0; i < layouts.Length; i++)
            {
                Print(layouts[i].Name, rates[i], rates[0]);
                layouts[i].PrintParts(Rounds * (double)Count);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Appends a round's events; where a log ends afterwards.</summary>
    public static async Task<Position> AppendAsync(IEventLog log, int round, int count)
    {
        // Every round goes on where the one before ended: an older event would be a dead letter.
        long start = (long)round * Count * EventTime.PerSecond;
        for (int first = 0; first < count; first += AppendSize)
        {
            await log.AppendAsync(AppendBench.Events(AppendSize, round * 1000 + first / AppendSize, start + first * EventTime.PerSecond),
                null, CancellationToken.None);
        }
        return new Position([.. Enumerable.Range(0, log.PartitionCount).Select(p => (p, log.End(p).Sequence))]);
    }

    /// <summary>A dead letter is not stepped: it would make a host look quick.</summary>
    public static void Check(PlatformStatus status)
    {
        if (status.DeadLetters > 0)
        {
            throw new InvalidOperationException($"{status.DeadLetters} of the bench's events became dead letters.");
        }
    }

    private static void Print(string name, double[] rates, double[] embedded)
    {
        double[] ratios = [.. rates.Zip(embedded, (rate, reference) => rate / reference).Order()];
        Console.WriteLine(FormattableString.Invariant($"{name,-34} {rates.Order().ElementAt(Rounds / 2),9:N0} events/s of processor time, ")
            + (rates == embedded ? "the yardstick"
                : FormattableString.Invariant($"{ratios[Rounds / 2]:0.00} of the embedded host's ({ratios[0]:0.00} to {ratios[^1]:0.00}; goal {Goal:0.00})")));
    }
}

/// <summary>A way to run shards.</summary>
internal interface ILayout
{
    string Name { get; }

    /// <summary>Has new events applied and committed.</summary>
    /// <returns>Seconds of processor time that it took.</returns>
    Task<double> ApplyAsync(int round, int count);

    /// <summary>Says where the time went.</summary>
    /// <param name="events">Events of all rounds.</param>
    void PrintParts(double events);
}
