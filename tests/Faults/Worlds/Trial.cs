namespace Foretell.Faults.Worlds;

/// <summary>A workload whose every operation of the disk can be made to fail in turn, or to be the last of its process.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Clients">Clients that send at the same time.</param>
/// <param name="Partitions">Partitions of the log.</param>
/// <param name="Load">What each client sends.</param>
/// <param name="Restarts">How often the platform is restarted meanwhile.</param>
/// <param name="Retain">How long the log keeps records; null for ever. Then hours pass before each restart.</param>
/// <param name="Upkeep">What is done to the directory that was written, and gets the blow; null where the workload itself does.</param>
internal sealed record Trial(string Name, int Clients, int Partitions, Workload Load, int Restarts, TimeSpan? Retain = null,
    Upkeep? Upkeep = null)
{
    /// <summary>Seed of everything in a trial.</summary>
    public const long Seed = 13;

    private static readonly Workload s_few = new(4, 5, 6, TimeSpan.FromMilliseconds(300));

    /// <summary>The workloads: many small appends; few large ones, that a commit follows; starts and stops; many streams in many
    /// partitions; a log that forgets; a copy beside a platform that runs, its return, and the repair of what rotted or is
    /// missing.</summary>
    public static readonly Trial[] All =
    [
        new("append", 2, 1, new Workload(40, 2, 6, TimeSpan.FromMilliseconds(40)), 0),
        new("commit", 1, 1, new Workload(12, 30, 40, TimeSpan.FromMilliseconds(900)), 1),
        new("restart", 1, 2, new Workload(8, 6, 8, TimeSpan.FromMilliseconds(1500)), 3),
        new("spread", 3, 4, new Workload(6, 8, 30, TimeSpan.FromMilliseconds(1200)), 2),
        new("trim", 2, 2, new Workload(10, 6, 8, TimeSpan.FromMilliseconds(1000)), 3, TimeSpan.FromHours(1)),
        new("backup", 1, 2, s_few, 0, Upkeep: Worlds.Upkeep.Backup),
        new("restore", 1, 2, s_few, 0, Upkeep: Worlds.Upkeep.Restore),
        new("repair", 1, 2, s_few, 0, Upkeep: Worlds.Upkeep.Repair),
        new("rescue", 1, 2, s_few, 0, Upkeep: Worlds.Upkeep.Rescue),
    ];
}

/// <summary>What an operator does to a data directory beside running it.</summary>
internal enum Upkeep
{
    /// <summary>It is copied.</summary>
    Backup,

    /// <summary>A copy of it is put back.</summary>
    Restore,

    /// <summary>What is damaged in it is repaired.</summary>
    Repair,

    /// <summary>Of its log only the write-ahead log is left, and it is repaired.</summary>
    Rescue,
}

/// <summary>What happens at one operation of a trial.</summary>
/// <param name="Trial">The workload.</param>
/// <param name="FailAt">The operation that fails; 0 for none.</param>
/// <param name="EndAt">The change of the disk at which the process ends; 0 for none.</param>
/// <param name="LosesPower">Whether the power goes with it.</param>
internal sealed record Blow(Trial Trial, long FailAt = 0, long EndAt = 0, bool LosesPower = false);
