using System.Globalization;

namespace Foretell.Bench;

/// <summary>Processor time of a process by kind of thread, from /proc (Linux).</summary>
internal static class ThreadCpu
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds by kind of thread. The time of threads that ended is only in <see cref="Process"/>.</summary>
    public static Dictionary<string, double> Read(int process)
    {
        var seconds = new Dictionary<string, double>();
        foreach (string folder in Directory.GetDirectories($"/proc/{process}/task"))
        {
            try
            {
                string kind = Kind(File.ReadAllText(Path.Combine(folder, "comm")).Trim());
                seconds[kind] = seconds.GetValueOrDefault(kind) + Seconds(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return seconds;
    }

    /// <summary>Seconds of the whole process.</summary>
    public static double Process(int process) => Seconds($"/proc/{process}/stat");

    private static double Seconds(string file)
    {
        const int user = 11, system = 12;
        string stat = File.ReadAllText(file);
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[user], CultureInfo.InvariantCulture) + long.Parse(fields[system], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static string Kind(string name) => name switch
    {
        _ when name.StartsWith("foretell-worker", StringComparison.Ordinal) => "worker threads (steps)",
        _ when name.StartsWith(".NET TP", StringComparison.Ordinal) => "thread pool",
        _ when name.StartsWith(".NET Socket", StringComparison.Ordinal) => "socket events",
        _ when name.StartsWith(".NET Tiered", StringComparison.Ordinal) => "compiler",
        _ when name.Contains("GC", StringComparison.Ordinal) => "collector",
        _ => "other",
    };
}
