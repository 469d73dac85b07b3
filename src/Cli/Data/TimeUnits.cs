using Foretell.Cli.Shell;
using Foretell.Models.PointProcess;

namespace Foretell.Cli.Data;

/// <summary>Which time unit suits a set of gaps. Only readable numbers depend on it where times are absolute; where a file holds bare
/// numbers, it says what they mean.</summary>
internal static class TimeUnits
{
    /// <summary>A usual gap of so many units, or of so small a part of one, is hardly what was meant.</summary>
    private const double Far = 1000;

    private static readonly (string Name, double Seconds)[] s_units =
        [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400)];

    /// <summary>The median of the gaps above 0, in the sequences' unit; null where there is none.</summary>
    public static double? UsualGap(IEnumerable<EventSequence> sequences) => Median(sequences, leastGap: double.Epsilon);

    /// <summary>The median of all gaps; null where there is none.</summary>
    public static double? MedianGap(IEnumerable<EventSequence> sequences) => Median(sequences, leastGap: 0);

    /// <summary>The longest of seconds, minutes, hours and days that is no longer than a usual gap.</summary>
    /// <param name="usualGap">Seconds.</param>
    public static (string Name, double Seconds) For(double usualGap) =>
        s_units.LastOrDefault(u => u.Seconds <= usualGap, s_units[0]);

    /// <summary>"hours", or a number of seconds: as --time-unit takes it.</summary>
    public static string Name(double seconds) =>
        s_units.FirstOrDefault(u => u.Seconds == seconds).Name ?? Format.Duration(seconds);

    /// <summary>A sentence where a usual gap is far from the time unit; null where it is not.</summary>
    /// <param name="usualGap">Time units.</param>
    /// <param name="unitSeconds">Seconds a unit.</param>
    public static string? Remark(double usualGap, double unitSeconds)
    {
        double seconds = usualGap * unitSeconds;
        if (usualGap is < Far and > 1 / Far)
        {
            return null;
        }
        (string name, double better) = For(seconds);
        return $"A usual gap is {Format.Number(usualGap)} time units of {Format.Duration(unitSeconds)}, that is {Format.Duration(seconds)}: "
            + (better != unitSeconds ? $"is --time-unit {name} meant?" : "are the file's times in another unit?");
    }

    private static double? Median(IEnumerable<EventSequence> sequences, double leastGap)
    {
        double[] gaps =
            [.. sequences.SelectMany(s => s.Times.Skip(1).Zip(s.Times, (next, time) => next - time)).Where(g => g >= leastGap).Order()];
        return gaps.Length == 0 ? null : gaps[gaps.Length / 2];
    }
}
