using System.Reflection;
using Foretell.Engine;
using Foretell.Faults.Disk;
using Foretell.Faults.Time;
using Foretell.Faults.Worlds;

namespace Foretell.Faults.Scenarios;

/// <summary>Where a scenario takes place.</summary>
/// <param name="Clock">The clock.</param>
/// <param name="Disk">The disk.</param>
/// <param name="Weather">Its faults; none unless the scenario says so.</param>
/// <param name="Directory">The data directory.</param>
internal sealed record Stage(SimulatedClock Clock, SimulatedDisk Disk, Weather Weather, string Directory)
{
    /// <summary>Path of the log.</summary>
    public string Log => Path.Combine(Directory, "log.db");
}

/// <summary>Finds and runs a scenario by its name.</summary>
internal static class Scenario
{
    /// <summary>Runs it.</summary>
    /// <returns>What broke, or null.</returns>
    public static string? Run(string name, string directory)
    {
        MethodInfo method = typeof(StorageScenarios).GetMethod(name)
            ?? throw new ArgumentException($"There is no scenario '{name}'.", nameof(name));
        var clock = new SimulatedClock();
        var weather = new Weather(new Random(1));
        var stage = new Stage(clock, new SimulatedDisk(weather, clock.Pass, directory), weather, directory);
        var scheduler = new SeededScheduler(new Random(1), clock);
        Background.Scheduler = scheduler;
        Task main = scheduler.Run(async () =>
        {
            SimulatedVfs.Use(stage.Disk, new Random(1), clock, clock.Pass);
            await method.CreateDelegate<Func<Stage, Task>>()(stage);
            SimulationFailure.Unless(SimulatedVfs.OpenHandles == 0, $"{SimulatedVfs.OpenHandles} files are still open.");
        }, TimeSpan.FromSeconds(60));
        return SimulatedVfs.Fault ?? scheduler.Stuck ?? main.Exception?.GetBaseException().ToString();
    }
}
