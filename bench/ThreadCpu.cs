using System.Globalization;

namespace Foretell.Bench;

/// <summary>Processor time of a process by kind of thread, from /proc (Linux).</summary>
internal static class ThreadCpu
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds by kind of thread; all kinds together are the process's.</summary>
    public static Dictionary<string, double> Read(int process)
    {
        var seconds = new Dictionary<string, double>();
        double rest = Seconds($"/proc/{process}/stat");
        foreach (string folder in Directory.GetDirectories($"/proc/{process}/task"))
        {
            try
            {
                if (Kind(File.ReadAllText(Path.Combine(folder, "comm")).Trim()) is { } kind)
                {
                    double spent = Seconds(Path.Combine(folder, "stat"));
                    seconds[kind] = seconds.GetValueOrDefault(kind) + spent;
                    rest -= spent;
                }
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        // The pool's threads come and go, and what a thread took that is gone is only in the process's sum.
        seconds["thread pool (log, grains, network, commits)"] = rest;
        return seconds;
    }

    private static double Seconds(string file)
    {
        const int user = 11, system = 12;
        string stat = File.ReadAllText(file);
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[user], CultureInfo.InvariantCulture)
            + long.Parse(fields[system], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static string? Kind(string name) => name switch
    {
        _ when name.StartsWith("foretell-worker", StringComparison.Ordinal) => "worker threads (decode, step)",
        _ when name.StartsWith(".NET Socket", StringComparison.Ordinal) => "socket events",
        _ when name.StartsWith(".NET Tiered", StringComparison.Ordinal) => "compiler",
        _ when name.Contains("GC", StringComparison.Ordinal) => "collector",
        _ => null,
    };
}
