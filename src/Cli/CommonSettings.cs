using System.CommandLine;
using Foretell.Ingest;

namespace Foretell.Cli;

/// <summary>Options that several verbs share, so that they mean the same everywhere.</summary>
internal static class CommonSettings
{
    /// <summary>Where a host listens unless it is told otherwise, and where clients look for it.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Most threads that an option may ask for; far above what helps, low enough to catch a typing error.</summary>
    private const int MaxThreads = 1024;

    public static Option<int> Threads() =>
        Settings.Number("--threads", "Worker threads; results do not depend on it.", 1, MaxThreads, Environment.ProcessorCount);

    public static Option<string> TimeUnit() => Settings.Typed("--time-unit", "unit",
        "Unit of a sequence file's times and of the model's gaps: seconds, minutes, hours, days or a number of seconds.",
        "seconds", Durations.ParseTimeUnit);

    /// <summary>Base address of a running host.</summary>
    public static Option<Uri> Url()
    {
        Option<Uri> option = Settings.Parsed("--url", "url", "Address of the running host.", text => ParseUrl("--url", text));
        option.DefaultValueFactory = _ => new Uri(DefaultUrl);
        return option;
    }

    /// <summary>Columns of a CSV file; null takes the default names.</summary>
    public static Option<EventColumns?> Columns() => Settings.Parsed<EventColumns?>("--columns", "stream=a,time=b,mark=c",
        "Columns of a CSV file that hold stream, time, mark and id.", text =>
        {
            try
            {
                return EventColumns.Parse(text);
            }
            catch (FormatException bad)
            {
                throw new CliException($"--columns: {bad.Message}");
            }
        });

    public static Option<bool> Json(string description = "Print one JSON object instead of a table.") => Settings.Flag("--json", description);

    /// <exception cref="CliException">It is no absolute http address.</exception>
    public static Uri ParseUrl(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new CliException($"{name} must be an address such as {DefaultUrl}, got '{text}'.");
}
