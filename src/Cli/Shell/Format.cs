using System.Globalization;

namespace Foretell.Cli.Shell;

/// <summary>Numbers as the terminal shows them, the same on every machine.</summary>
internal static class Format
{
    /// <summary>"59,835".</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number of things, in one's own singular: "1 stream", "3,000 streams".</summary>
    public static string Count(long count, string thing) => $"{Count(count)} {thing}{(count == 1 ? "" : "s")}";

    /// <summary>Bytes, in the largest unit of which there is one.</summary>
    public static string Bytes(long bytes) => bytes < 1 << 20 ? $"{Count((bytes + 1023) >> 10)} KiB"
        : $"{(bytes / (double)(1 << 20)).ToString(bytes < 10 << 20 ? "0.0" : "N0", CultureInfo.InvariantCulture)} MiB";

    /// <summary>A score in nats: four decimals, or a dash where a method says nothing.</summary>
    public static string Nats(double? nats) => nats?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>A number with three figures that matter: "3,600", "0.00278".</summary>
    public static string Number(double number) =>
        number.ToString(Math.Abs(number) is >= 100 and < 1e9 ? "N0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>Text of a file between quotes, one short line of printable characters whatever the file holds.</summary>
    public static string Quoted(string text)
    {
        string shown = string.Concat((text.Length > 40 ? text[..40] + "..." : text).Select(c => char.IsControl(c) ? '\uFFFD' : c));
        return $"'{shown}'";
    }

    /// <summary>A share: "12.3 %".</summary>
    public static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A probability with three figures that matter.</summary>
    public static string Probability(double p) => p.ToString("G3", CultureInfo.InvariantCulture);

    /// <summary>A rate: "12,345" or "1.2".</summary>
    public static string Rate(double rate) => rate.ToString(rate < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture);

    /// <summary>How unlikely, given its natural logarithm: "1 in 12,000", also where the probability underflows.</summary>
    public static string OneIn(double logProbability)
    {
        double log10 = -logProbability / Math.Log(10);
        return log10 < 6
            ? $"1 in {Math.Exp(-logProbability).ToString(log10 < 1 ? "0.#" : "N0", CultureInfo.InvariantCulture)}"
            : $"1 in 10^{log10.ToString("0", CultureInfo.InvariantCulture)}";
    }

    /// <summary>A point in time, UTC, to the millisecond.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Time since a start: "00:01:15", "2.03:00:00".</summary>
    public static string Uptime(TimeSpan up) => up.ToString(up.TotalDays < 1 ? @"hh\:mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);

    /// <summary>A duration in two figures that matter: "3.4 s", "12 min", "2.5 d".</summary>
    public static string Duration(double seconds)
    {
        if (double.IsNaN(seconds))
        {
            return "-";
        }
        if (double.IsInfinity(seconds))
        {
            return "never";
        }
        (double value, string unit) = Math.Abs(seconds) switch
        {
            0 => (0, "s"),
            < 1e-3 => (seconds * 1e6, "µs"),
            < 1 => (seconds * 1e3, "ms"),
            < 120 => (seconds, "s"),
            < 7200 => (seconds / 60, "min"),
            < 172800 => (seconds / 3600, "h"),
            < 730 * 86400.0 => (seconds / 86400, "d"),
            _ => (seconds / (365.25 * 86400), "y"),
        };
        string format = Math.Abs(value) >= 1e6 ? "0.#e0" : Math.Abs(value) < 10 ? "0.##" : Math.Abs(value) < 100 ? "0.#" : "0";
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(format, CultureInfo.InvariantCulture)} {unit}");
    }
}
