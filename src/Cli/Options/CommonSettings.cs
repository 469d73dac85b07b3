using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Foretell.Hosting;
using Foretell.Ingest.Decoding;

namespace Foretell.Cli.Options;

/// <summary>Options that several verbs share, so that they mean the same everywhere.</summary>
internal static class CommonSettings
{
    /// <summary>Where a host listens unless it is told otherwise, and where clients look for it.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Most threads that an option may ask for; far above what helps, low enough to catch a typing error.</summary>
    private const int MaxThreads = 1024;

    public static Option<int> Threads() =>
        Settings.Number("--threads", "Worker threads; results do not depend on it.", 1, MaxThreads, Environment.ProcessorCount);

    /// <summary>Addresses of a host, separated by ";".</summary>
    public static Option<string> Urls(string description)
    {
        Option<string> option = Settings.Parsed("--urls", "urls", description, text => ParseUrls("--urls", text, withTls: true));
        option.DefaultValueFactory = _ => DefaultUrl;
        return option;
    }

    /// <summary>Name of <see cref="MetricsUrls"/>.</summary>
    public const string MetricsUrlsName = "--metrics-urls";

    /// <summary>Addresses of a host's metrics, separated by ";"; null for none.</summary>
    public static Option<string?> MetricsUrls() => Settings.Parsed<string?>(MetricsUrlsName, "urls",
        "Addresses where Prometheus finds the metrics, at /metrics, separated by ';', such as http://127.0.0.1:9464; by default nowhere.",
        text => ParseUrls(MetricsUrlsName, text));

    /// <summary>Name of <see cref="Shared"/>.</summary>
    public const string SharedName = "--shared";

    public static Option<bool> Shared() => Settings.Flag(SharedName,
        "Forecasts follow what the streams of a partition show together, too: a new stream has it from others. Not among tenants who must not learn of each other.");

    public static Option<int?> Partitions() =>
        Settings.OptionalNumber("--partitions", "Partitions of a new log, 8 by default; fixed once the log is there.", 1, 1024);

    public static Option<double?> LateTolerance() => Durations.OptionalOption("--late-tolerance",
        "An event at most this much older than its stream's last counts as simultaneous with it, an older one is a dead letter; 5s for a new log, kept with it.");

    public static Option<double?> FutureTolerance() => Durations.OptionalOption("--future-tolerance",
        "An event more than this ahead of the clock is a dead letter; 1h for a new log, kept with it.");

    public static Option<double?> Retain() => Durations.OptionalOption("--retain",
        "How long the log keeps events once they are in the states, at least 1h; by default for ever. The states are then the only copy of what older events made: keep backups.",
        PartitionHostOptions.LeastRetain.TotalSeconds);

    public static Option<long?> MaxStreams() => Settings.OptionalNumber("--max-streams",
        "Most streams; events of further ones are dead letters. 0 for any number; kept with the log.", 0L, 1L << 40);

    public static Option<long?> MaxNewStreams() => Settings.OptionalNumber("--max-new-streams",
        "Most streams that may begin in a minute; events of further ones are dead letters. 0 for any number; kept with the log.", 0L, 1L << 40);

    public static Option<double> AlertSurvival()
    {
        Option<double> option = Settings.Parsed("--alert-survival", "p",
            "A stream is overdue, and /v1/alerts/events tells of it, once its forecast gave so long a silence no more than this probability; 0 for no alerts.", ParseAlertSurvival);
        option.DefaultValueFactory = _ => new AlertRule().Survival;
        return option;
    }

    public static Option<bool> Plain() => Settings.Flag("--plain", "Print log lines only (also when the output is no terminal).");

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

    /// <summary>File with the API key that is sent to a host; null where the environment may have it.</summary>
    public static Option<string> ApiKeyFile() => Settings.Text(ApiCredential.Option, "file",
        $"File with the API key, where the host needs one; by default the environment variable {ApiCredential.Variable} has it.");

    /// <summary>What an option that names an event file says of it.</summary>
    public const string FileKinds = "NDJSON, sequences, CSV or Parquet, as it is or as gzip or zstd; - is standard input, where Parquet goes to a temporary file.";

    /// <summary>Zone of the times without an offset; null refuses them.</summary>
    public static Option<TimeZoneInfo?> Zone() => Settings.Parsed<TimeZoneInfo?>("--time-zone", "zone",
        "Zone of the file's times without an offset, such as Europe/Berlin. Where clocks go back, the first of two equal times is meant; where they go forward, a time left out counts by the offset before.",
        text => TimeZoneInfo.TryFindSystemTimeZoneById(text, out TimeZoneInfo? zone)
            ? zone
            : throw new CliException($"--time-zone must be a zone that this machine knows, such as Europe/Berlin or UTC, got '{text}'."));

    /// <summary>Whether a file is sorted by time before it is fed.</summary>
    public static Option<bool> Sort() => Settings.Flag("--sort",
        "Sort the file's events by time first, as a newest-first export needs; what does not fit in memory goes to a temporary file in TMPDIR.");

    /// <summary>Columns of a CSV or Parquet file; null takes the default names.</summary>
    public static Option<EventColumns?> Columns() => Settings.Parsed<EventColumns?>("--columns", "stream=a,time=b,mark=c",
        "Columns of a CSV or Parquet file that hold stream, time, mark, id, label and values.", text =>
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

    public static Option<bool> Json(string description = "Print one JSON object instead of a table.") =>
        Settings.Flag("--json", description);

    /// <exception cref="CliException">It is no absolute http address.</exception>
    public static Uri ParseUrl(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new CliException($"{name} must be an address such as {DefaultUrl}, got '{text}'.");

    private static string ParseUrls(string name, string text, bool withTls = false)
    {
        foreach (string url in text.Split(';'))
        {
            // A star or a plus stands for every address.
            string address = url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
            if (ParseUrl(name, address).Scheme != "http" && !withTls)
            {
                throw new CliException($"{name} takes http addresses, got '{url}'; for https put a proxy in front.");
            }
        }
        return text;
    }

    private static double ParseAlertSurvival(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double survival)
        && AlertRule.Allows(survival)
            ? survival
            : throw new CliException(string.Create(CultureInfo.InvariantCulture,
                $"--alert-survival must be 0 or a probability from {AlertRule.MinSurvival} to {AlertRule.MaxSurvival}, got '{text}'."));
}
