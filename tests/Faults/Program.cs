using System.Diagnostics;
using System.Globalization;
using Foretell.Faults.Worlds;
using Foretell.Support;

namespace Foretell.Faults;

internal static class Program
{
    private static int Main(string[] args)
    {
        long first = long.Parse(args.ElementAtOrDefault(0) ?? "1", CultureInfo.InvariantCulture);
        long count = long.Parse(args.ElementAtOrDefault(1) ?? "1", CultureInfo.InvariantCulture);
        using var directory = new TemporaryFolder();
        var watch = Stopwatch.StartNew();
        TimeSpan simulated = default;
        int failed = 0;
        for (long seed = first; seed < first + count; seed++)
        {
            Outcome o = Schedule.Run(seed, directory.Path, count == 1 ? Console.WriteLine : null);
            simulated += o.Simulated;
            if (o.Failure is not null || count == 1)
            {
                Console.WriteLine(o);
                failed += o.Failure is null ? 0 : 1;
                if (failed >= 1) break;
            }
        }
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:F1} s, {watch.Elapsed.TotalMilliseconds / count:F1} ms each, simulated {simulated}, failed {failed}");
        return failed;
    }
}
