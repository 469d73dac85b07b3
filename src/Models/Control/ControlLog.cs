using Foretell.Models.Numerics;

namespace Foretell.Models.Control;

/// <summary>How good a log is: of its episodes a share is steered by the skilled controller, and the others by the hasty one.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SkilledShare">Share of episodes of the skilled controller.</param>
public sealed record LogQuality(string Name, double SkilledShare)
{
    /// <summary>In either kind of episode an action is replaced with this probability, by one drawn from all alike.</summary>
    public const double RandomShare = 0.2;

    /// <summary>The three that are compared.</summary>
    public static IReadOnlyList<LogQuality> All { get; } = [new("poor", 0.1), new("medium", 0.4), new("good", 0.9)];
}

/// <summary>Logged episodes to learn from, and marks to measure by. All of it follows from named seeds.</summary>
public static class ControlLog
{
    private const long LogSeed = 1_000, PlaySeed = 2_000_000;

    /// <summary>Seeds of the episodes that are played to score; none of a log begins where one of these does.</summary>
    public static long[] PlaySeeds(int episodes) => [.. Enumerable.Range(0, episodes).Select(i => PlaySeed + i)];

    /// <summary>A log.</summary>
    /// <param name="task">The task.</param>
    /// <param name="quality">How good it is.</param>
    /// <param name="episodes">How many, 1 or more. The first of a longer log are those of a shorter one.</param>
    public static ControlEpisode[] Of(ControlTask task, LogQuality quality, int episodes) => [.. Enumerable.Range(0, episodes).Select(i =>
    {
        var random = new RandomStream(LogSeed, i);
        bool isSkilled = random.NextDouble() < quality.SkilledShare;
        return ControlEpisode.Play(task, LogSeed + i, seen => random.NextDouble() < LogQuality.RandomShare ? random.NextInt(task.Actions)
            : isSkilled ? task.Skilled(seen) : task.Hasty(seen));
    })];

    /// <summary>Mean return of the skilled controller, and of actions drawn from all alike.</summary>
    /// <param name="seeds">Where the episodes begin.</param>
    public static (double Skilled, double Random) Marks(ControlTask task, IReadOnlyList<long> seeds) =>
        (seeds.Average(seed => ControlEpisode.Play(task, seed, seen => task.Skilled(seen)).Return), seeds.Average(seed =>
        {
            var random = new RandomStream(seed, 1);
            return ControlEpisode.Play(task, seed, _ => random.NextInt(task.Actions)).Return;
        }));
}
