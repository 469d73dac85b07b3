using System.Diagnostics;
using System.Globalization;
using Foretell.Faults.Disk;
using Foretell.Faults.Scenarios;
using Foretell.Faults.Worlds;
using Foretell.Support;

namespace Foretell.Faults;

/// <summary>Runs simulations one after the other, and stops at the first that breaks a promise.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: dotnet run --project tests/Faults -c Release -- VERB
          schedules FIRST COUNT [MINUTES]        seeds from FIRST on, at most for some minutes
          replay SEED                            one seed, with its story
          traces FIRST COUNT                     only what tells two runs of a seed apart
          scenario NAME                          a fault of a known kind
          trial NAME fail|kill|power FIRST LAST  a workload with one blow, at each operation in turn (LAST 0: to its end)
          blow NAME fail|kill|power NUMBER       one of these, with its story
        """;

    private static int Main(string[] args)
    {
        using var directory = new TemporaryFolder();
        switch (args)
        {
            case ["schedules", var first, var count, .. var minutes]:
                return Schedules(directory.Path, Number(first), Number(count), minutes is [var m] ? Number(m) : 60 * 24);
            case ["replay", var seed]:
                return End(Schedule.Run(Number(seed), directory.Path, Console.WriteLine));
            case ["traces", var first, var count]:
                for (long seed = Number(first); seed < Number(first) + Number(count); seed++)
                {
                    Console.WriteLine($"{seed} {Schedule.Run(seed, directory.Path).Trace:x16}");
                }
                return 0;
            case ["scenario", var name]:
                string? broken = Scenario.Run(name, directory.Path);
                Console.WriteLine(broken is null ? "held" : $"broken: {broken}");
                return broken is null ? 0 : 1;
            case ["trial", var name, var kind, var first, var last]:
                return Trials(directory.Path, name, kind, Number(first), Number(last));
            case ["blow", var name, var kind, var number]:
                return End(Schedule.Run(BlowAt(name, kind, Number(number)), directory.Path, Console.WriteLine));
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static int Schedules(string directory, long first, long count, long minutes)
    {
        long started = Stopwatch.GetTimestamp(), run = 0, sent = 0, acknowledged = 0, damaged = 0, told = 0, served = 0,
            valued = 0;
        TimeSpan simulated = default;
        Outcome? failed = null;
        for (; run < count && failed is null && Stopwatch.GetElapsedTime(started).TotalMinutes < minutes; run++)
        {
            Outcome outcome = Schedule.Run(first + run, directory);
            (simulated, sent, acknowledged) = (simulated + outcome.Simulated, sent + outcome.Sent, acknowledged + outcome.Acknowledged);
            (damaged, told) = (damaged + (outcome.IsDamaged ? 1 : 0), told + (outcome.Told is null ? 0 : 1));
            (served, valued) = (served + outcome.Served, valued + (outcome.HasValues ? 1 : 0));
            failed = outcome.Failure is null ? null : outcome;
        }
        // What Faults.Tests adds up.
        Console.WriteLine($"schedules {run}");
        Console.WriteLine($"simulated {simulated.TotalSeconds:F0}");
        Console.WriteLine($"processor {Environment.CpuUsage.TotalTime.TotalSeconds:F0}");
        Console.WriteLine($"sent {sent}");
        Console.WriteLine($"acknowledged {acknowledged}");
        Console.WriteLine($"damaged {damaged}");
        Console.WriteLine($"told {told}");
        Console.WriteLine($"served {served}");
        Console.WriteLine($"valued {valued}");
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            Console.WriteLine($"fault {kind} {Weather.Drawn[(int)kind]}");
        }
        return failed is null ? 0 : End(failed);
    }

    private static int Trials(string directory, string name, string kind, long first, long last)
    {
        long number = first;
        while (true)
        {
            Outcome outcome = Schedule.Run(BlowAt(name, kind, number), directory);
            if (outcome.Failure is not null)
            {
                Console.WriteLine($"Number {number} of trial {name} {kind} broke a promise; to see it again:");
                Console.WriteLine($"  dotnet run --project tests/Faults -c Release -- blow {name} {kind} {number}");
                return End(outcome);
            }
            long end = kind == "fail" ? outcome.Operations : outcome.Changes;
            if (number >= end || number == last)
            {
                Console.WriteLine($"trial {name} {kind} {first} {Math.Min(number, end)} {end}");
                return 0;
            }
            number++;
        }
    }

    private static Blow BlowAt(string name, string kind, long number)
    {
        Trial trial = Trial.All.First(t => t.Name == name);
        return kind switch
        {
            "fail" => new Blow(trial, FailAt: number),
            "kill" => new Blow(trial, EndAt: number),
            "power" => new Blow(trial, EndAt: number, LosesPower: true),
            _ => throw new ArgumentException($"A blow is fail, kill or power, not '{kind}'.", nameof(kind)),
        };
    }

    private static int End(Outcome outcome)
    {
        Console.WriteLine($"seed {outcome.Seed}: {outcome.Simulated} simulated, {outcome.Steps} steps, {outcome.Operations} operations of the disk, "
            + $"{outcome.Sent} events sent, {outcome.Acknowledged} acknowledged, trace {outcome.Trace:x16}");
        if (outcome.Told is not null)
        {
            Console.WriteLine($"told: {outcome.Told}");
        }
        if (outcome.Failure is null)
        {
            return 0;
        }
        Console.WriteLine($"broken: {outcome.Failure}");
        Console.WriteLine($"To see it again: dotnet run --project tests/Faults -c Release -- replay {outcome.Seed}");
        return 1;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
