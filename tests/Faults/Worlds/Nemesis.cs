using Foretell.Faults.Disk;
using Foretell.Faults.Time;

namespace Foretell.Faults.Worlds;

/// <summary>Whatever befalls a platform: kills, power cuts, restarts, and spells of bad weather on its disk.</summary>
internal sealed class Nemesis(Random random, SimulatedClock clock, SimulatedDisk disk, Weather weather, EmbeddedWorld world,
    Story story)
{
    /// <summary>What the network of a cluster and the disk of its database do.</summary>
    public static readonly FaultKind[] OfNetworks =
    [
        FaultKind.MessageLost, FaultKind.MessageDelayed, FaultKind.MessageRepeated, FaultKind.ReadFails, FaultKind.WriteFails,
        FaultKind.SyncFails, FaultKind.Delay,
    ];

    private static readonly FaultKind[] s_ofDisks =
    [
        FaultKind.OpenFails, FaultKind.ReadFails, FaultKind.WriteFails, FaultKind.WriteTorn, FaultKind.DiskFull, FaultKind.SyncFails,
        FaultKind.SyncForgets, FaultKind.TruncateFails, FaultKind.DeleteFails, FaultKind.Delay, FaultKind.ProcessEnds,
    ];

    /// <summary>Does its worst for a while, then heals everything.</summary>
    public async Task RunAsync()
    {
        Mix(random, weather, s_ofDisks);
        if (world.IsDamaged)
        {
            // A power cut may set the log's witness back, and what was acknowledged behind it has no other (docs/guarantees.md).
            weather[FaultKind.SyncForgets] = 0;
            weather[FaultKind.Misdirected] = random.Next(2) == 0 ? 0 : Math.Pow(10, -1 - random.NextDouble());
        }
        for (int blows = random.Next(1, 9); blows > 0; blows--)
        {
            await Task.Delay(new TimeSpan(random.NextInt64(4 * TimeSpan.TicksPerSecond)), clock);
            if (world.Retain is not null && random.Next(3) > 0)
            {
                await LetTimePassAsync();
            }
            switch (random.Next(6))
            {
                case 0:
                    world.Kill();
                    break;
                case 1 when world.IsDamaged:
                    Rot();
                    break;
                case 1:
                    LosePower();
                    break;
                case 2:
                    world.Restart();
                    break;
                default:
                    weather.IsBad = !weather.IsBad;
                    story.Tell($"The weather is {(weather.IsBad ? "bad" : "good")}.");
                    break;
            }
        }
        if (world.IsDamaged)
        {
            Rot();
            world.Restart();
        }
        else if (random.Next(2) == 0)
        {
            LosePower();
        }
        (weather.IsBad, world.IsHealed) = (false, true);
        story.Tell($"Everything is healed.");
    }

    /// <summary>Gives a schedule faults of some kinds only: with all of them at once the rare meetings of two would never show.</summary>
    public static void Mix(Random random, Weather weather, FaultKind[] kinds)
    {
        foreach (FaultKind kind in kinds)
        {
            weather[kind] = random.Next(3) > 0 ? 0 : Math.Pow(10, -1 - 2 * random.NextDouble());
        }
    }

    /// <summary>Restarts the platform, and does nothing else.</summary>
    public async Task RestartAsync(int times)
    {
        for (int i = 0; i < times; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), clock);
            world.Restart();
        }
    }

    /// <summary>The machine sleeps for up to an hour, now and then: records grow old, and the log forgets them a look a minute.</summary>
    private async Task LetTimePassAsync()
    {
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            // An idempotency key lives for a day: all of it together stays below.
            long sleep = random.NextInt64(random.Next(2) == 0 ? 2 * TimeSpan.TicksPerMinute : 40 * TimeSpan.TicksPerMinute);
            story.Tell($"{new TimeSpan(sleep).TotalMinutes:F0} minutes pass at once.");
            clock.Pass(sleep);
            await Task.Delay(new TimeSpan(random.NextInt64(TimeSpan.TicksPerSecond)), clock);
        }
    }

    /// <summary>A bit flips, or all of a sector's, in any file.</summary>
    private void Rot()
    {
        SimulatedFile[] files = [.. disk.Files.Where(file => file.Length > 0)];
        if (files.Length == 0)
        {
            return;
        }
        SimulatedFile file = files[random.Next(files.Length)];
        long offset = random.NextInt64(file.Length);
        int length = random.Next(4) > 0 ? 1 : SimulatedFile.Sector;
        Weather.Count(FaultKind.Rot);
        story.Tell($"{length} bytes from {offset} on of {Path.GetFileName(file.Path)} rot.");
        for (int i = 0; i < length; i++)
        {
            file.Rot(offset + i, random.Next(8));
        }
    }

    private void LosePower()
    {
        story.Tell($"The power goes.");
        disk.LosePower();
    }
}
