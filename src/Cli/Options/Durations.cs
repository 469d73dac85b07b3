using System.CommandLine;
using System.Globalization;
using Foretell.Web;

namespace Foretell.Cli;

/// <summary>Durations and time units as people type and read them.</summary>
internal static class Durations
{
    /// <summary>A hundred years: what the API takes at most, and well within a TimeSpan.</summary>
    private const double MaxSeconds = 100 * 365.25 * 86400;

    /// <summary>An option that takes a duration of 0 or more, in seconds, or nothing.</summary>
    public static Option<double?> OptionalOption(string name, string description) =>
        Settings.Parsed<double?>(name, "duration", description, text => Parse(name, text, 0));

    /// <summary>Seconds per model time unit: seconds, minutes, hours, days or a number of seconds.</summary>
    /// <exception cref="CliException">It is neither.</exception>
    public static double ParseTimeUnit(string text) => text switch
    {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3600,
        "days" => 86400,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
                && double.IsFinite(seconds) && seconds > 0
            ? seconds
            : throw new CliException($"--time-unit must be seconds, minutes, hours, days or a number of seconds above 0, got '{text}'."),
    };

    /// <summary>What <see cref="OptionalOption"/> read.</summary>
    public static TimeSpan? ToTimeSpan(double? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;

    /// <summary>A duration in two figures that matter: "3.4 s", "12 min", "2.5 d".</summary>
    public static string Show(double seconds)
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

    /// <summary>Seconds of "30s", "5m", "1h30m", "2d".</summary>
    /// <param name="name">The option, for the error.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="min">Smallest allowed, seconds.</param>
    /// <exception cref="CliException">It is no duration, or out of bounds.</exception>
    public static double Parse(string name, string text, double min) =>
        DurationText.TryParse(text, out double seconds) && seconds >= min && seconds <= MaxSeconds
            ? seconds
            : throw new CliException($"{name} must be a duration such as 30s, 5m, 1h or 2d{(min > 0 ? ", above 0" : "")}, got '{text}'.");
}
