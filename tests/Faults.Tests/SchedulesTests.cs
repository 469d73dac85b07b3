using System.Globalization;
using System.Text;
using Foretell.Support;

namespace Foretell.Faults.Tests;

/// <summary>Random schedules of faults: nothing acknowledged is lost, everything is applied once, and all heals.</summary>
/// <remarks>FORETELL_SCHEDULES says how many (20,000 unless set, and at most those that fit in eight minutes); a number that is set is run
/// to its end. FORETELL_SEED says which seed they begin at.</remarks>
public sealed class SchedulesTests(ITestOutputHelper output)
{
    private const int Processes = 2;

    [Fact]
    public async Task Schedules_WhenFaultsAreDrawn_BreakNoPromise()
    {
        string? wanted = Environment.GetEnvironmentVariable("FORETELL_SCHEDULES");
        long first = long.Parse(Environment.GetEnvironmentVariable("FORETELL_SEED") ?? "1", CultureInfo.InvariantCulture);
        long count = (long.Parse(wanted ?? "20000", CultureInfo.InvariantCulture) + Processes - 1) / Processes;
        string minutes = wanted is null ? "8" : "100000";

        SimulatorProcess[] all = await Task.WhenAll(Enumerable.Range(0, Processes).Select(i => SimulatorProcess.RunAsync("schedules",
            (first + i * count).ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture), minutes)));

        Report(first, all);
        Assert.All(all, process => process.AssertHeld());
        Assert.All(all, process => Assert.True(process.Numbers()["schedules"] > 0, process.Output));
    }

    [Fact]
    public async Task Replay_WhenASeedIsRunTwice_IsTheSameRun()
    {
        SimulatorProcess[] runs = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => SimulatorProcess.RunAsync("replay", "20261")));

        Assert.All(runs, run => Assert.Contains("trace ", run.AssertHeld().Output));
        Assert.Equal(Trace(runs[0]), Trace(runs[1]));
    }

    /// <summary>A seed says the same in the middle of a long run as alone: nothing of the schedules before it is left.</summary>
    [Fact]
    public async Task Replay_WhenOthersRanBefore_IsTheSameRun()
    {
        SimulatorProcess alone = (await SimulatorProcess.RunAsync("traces", "30", "1")).AssertHeld();
        SimulatorProcess behind = (await SimulatorProcess.RunAsync("traces", "1", "30")).AssertHeld();

        Assert.Equal(alone.Output.Trim(), behind.Output.Trim().Split('\n')[^1]);
    }

    private static string Trace(SimulatorProcess run) => run.Output[run.Output.IndexOf("trace ", StringComparison.Ordinal)..];

    /// <summary>Tells which faults were drawn how often, to whoever runs the test and in artifacts/faults.</summary>
    private void Report(long first, SimulatorProcess[] all)
    {
        Dictionary<string, long> sums = all.SelectMany(process => process.Numbers()).GroupBy(number => number.Key)
            .ToDictionary(sum => sum.Key, sum => sum.Sum(number => number.Value));
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"{sums["schedules"]} schedules from seed {first} on");
        table.AppendLine(CultureInfo.InvariantCulture, $"{sums["sent"]} events sent, {sums["acknowledged"]} acknowledged");
        table.AppendLine(CultureInfo.InvariantCulture, $"{sums["damaged"]} on a disk that damages, of which the platform told {sums["told"]}"
            + $", and {sums["served"]} streams served beside it");
        table.AppendLine(CultureInfo.InvariantCulture, $"{sums["valued"]} with a model that reads values, and with labels");
        table.AppendLine(CultureInfo.InvariantCulture, $"{sums["simulated"]} s simulated in {sums["processor"]} s of processor time");
        foreach ((string name, long times) in sums.Where(sum => sum.Key.StartsWith("fault ", StringComparison.Ordinal)))
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"{name["fault ".Length..],-16} {times,12}");
        }
        output.WriteLine(table.ToString());
        Directory.CreateDirectory(Repository.At("artifacts/faults"));
        File.WriteAllText(Repository.At("artifacts/faults/schedules.txt"), table.ToString());
    }
}
