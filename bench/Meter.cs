using System.Diagnostics;
using Foretell.Stores.Postgres;

namespace Foretell.Bench;

/// <summary>Runs work for a while and says how much of it a second of processor time does.</summary>
internal static class Meter
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(1);
    private const int Rounds = 5;

    /// <summary>Prints the median rate of five rounds after one that warms up.</summary>
    /// <param name="work">Does some work and returns how many events that was.</param>
    public static async Task RateAsync(string name, Func<Task<long>> work)
    {
        var rates = new List<double>();
        for (int round = 0; round <= Rounds; round++)
        {
            TimeSpan cpu = Cpu();
            long events = 0, started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < s_round)
            {
                events += await work();
            }
            if (round > 0)
            {
                rates.Add(events / (Cpu() - cpu).TotalSeconds);
            }
        }
        rates.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"{name,-44} {rates[Rounds / 2],12:N0} events/s of processor time ({rates[0]:N0} to {rates[^1]:N0})"));
    }

    /// <summary>The same for work that does not wait.</summary>
    public static Task RateAsync(string name, Func<long> work) => RateAsync(name, () => Task.FromResult(work()));

    private static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;
}
