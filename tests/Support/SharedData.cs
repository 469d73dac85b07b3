using System.Globalization;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;
using Foretell.Models.PointProcess;

namespace Foretell.Support;

/// <summary>Real event sets that lie beside the repository, at ../shared/data, and are not part of it.</summary>
public static class SharedData
{
    /// <summary>Path of a file, or null where it is not there.</summary>
    public static string? Find(string file)
    {
        string path = Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "data", file);
        return File.Exists(path) ? path : null;
    }

    /// <summary>Path of a file; skips the test at work, saying so, where it is not there.</summary>
    public static string PathOf(string file)
    {
        string? path = Find(file);
        Assert.SkipWhen(path is null, $"../shared/data/{file} is not there; it holds real data that is not part of the repository.");
        return path!;
    }

    /// <summary>The messages of collegemsg in the file's order; times in ticks.</summary>
    public static List<(string Stream, long Ticks, string Mark)> CollegeMessages() =>
    [
        .. File.ReadLines(PathOf("collegemsg/replay.csv")).Skip(1).Select(line => line.Split(','))
            .Select(f => (f[1], long.Parse(f[0], CultureInfo.InvariantCulture) * EventTime.PerSecond, f[2])),
    ];

    /// <summary>Sequences of one file, as "taxi/train".</summary>
    public static List<EventSequence> Read(string name) => EventFile.ReadSequences(PathOf(name + ".jsonl"));
}
