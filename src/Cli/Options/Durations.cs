using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Http;

namespace Foretell.Cli.Options;

/// <summary>Durations and time units as people type and read them.</summary>
internal static class Durations
{
    /// <summary>A hundred years: what the API takes at most, and well within a TimeSpan.</summary>
    private const double MaxSeconds = 100 * 365.25 * 86400;

    /// <summary>An option that takes a duration in seconds, or nothing.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it does.</param>
    /// <param name="min">Smallest allowed, seconds.</param>
    public static Option<double?> OptionalOption(string name, string description, double min = 0) =>
        Settings.Parsed<double?>(name, "duration", description, text => Parse(name, text, min));

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

    /// <summary>Seconds of "30s", "5m", "1h30m", "2d".</summary>
    /// <param name="name">The option, for the error.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="min">Smallest allowed, seconds.</param>
    /// <exception cref="CliException">It is no duration, or out of bounds.</exception>
    public static double Parse(string name, string text, double min) =>
        DurationText.TryParse(text, out double seconds) && seconds >= min && seconds <= MaxSeconds
            ? seconds
            : throw new CliException($"{name} must be a duration such as 30s, 5m, 1h or 2d{(min >= 3600 ? $", at least {min / 3600}h" : min > 0 ? ", above 0" : "")}{(seconds > MaxSeconds ? ", at most 36525d" : "")}, got '{text}'.");
}
