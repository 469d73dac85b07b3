using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Hosting;
using Foretell.Ingest;
using Foretell.Streams;

namespace Foretell.Cli.Commands;

/// <summary>foretell run: the embedded host, with its demo, with the user's own data, or for one file.</summary>
internal static class RunCommand
{
    private static readonly Option<string> DataDir = Settings.Text("--data-dir", "folder", "Where log and states are kept; created when missing.", fallback: DataDirectory.Default);
    private static readonly Option<string> Urls = Settings.Parsed("--urls", "urls", "Addresses to listen on, separated by ';'; port 0 takes any free one.", ParseUrls);
    private static readonly Option<string> Model = Settings.Text("--model", "file",
        "Model that forecasts; by default the one kept in the data folder, or else the small one that comes with the program.");
    private static readonly Option<int?> Partitions = Settings.OptionalNumber("--partitions", "Partitions of a new log, 8 by default; fixed once the log is there.", 1, 1024);
    private static readonly Option<int> Threads = CommonSettings.Threads();
    private static readonly Option<double?> LateTolerance = Durations.OptionalOption("--late-tolerance",
        "An event at most this much older than its stream's last counts as simultaneous with it, an older one is a dead letter; 5s for a new log, kept with it.");
    private static readonly Option<double?> FutureTolerance = Durations.OptionalOption("--future-tolerance",
        "An event more than this ahead of the clock is a dead letter; 1h for a new log, kept with it.");
    private static readonly Option<double> AlertSurvival = Settings.Parsed("--alert-survival", "p",
        "A stream is overdue, and /v1/alerts/events tells of it, once its forecast gave so long a silence no more than this probability; 0 for no alerts.", ParseAlertSurvival);
    private static readonly Option<bool> NoDemo = Settings.Flag("--no-demo", "Serve the data folder as it is, without the simulated streams.");
    private static readonly Option<bool> Plain = Settings.Flag("--plain", "Print log lines only (also when the output is no terminal).");
    private static readonly Option<string> FileOption = Settings.Text("--file", "file", "Event file to feed first, through the whole path; no demo then.");
    private static readonly Option<EventColumns?> Columns = CommonSettings.Columns();
    private static readonly Option<bool> Exit = Settings.Flag("--exit", "End once the file is applied and committed, and print what it came to.");
    private static readonly Option<bool> Json = CommonSettings.Json("With --exit: print one JSON object.");

    public static Command Create()
    {
        Urls.DefaultValueFactory = _ => CommonSettings.DefaultUrl;
        AlertSurvival.DefaultValueFactory = _ => new AlertRule().Survival;
        var verb = new Verb("run", "Starts the host: takes events, keeps a state for each stream, answers with forecasts.",
            "run",
            "run --no-demo --model model.safetensors --data-dir ./my-data",
            "run --no-demo --urls http://127.0.0.1:8080 --plain",
            "run --data-dir ./my-data --file events.ndjson --exit --json")
        {
            DataDir, Urls, Model, Partitions, Threads, LateTolerance, FutureTolerance, AlertSurvival, NoDemo, Plain, FileOption, Columns, Exit, Json,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = new RunSettings
        {
            DataDirectory = parsed.GetRequiredValue(DataDir),
            Urls = parsed.GetRequiredValue(Urls),
            Model = parsed.GetValue(Model),
            Partitions = parsed.GetValue(Partitions),
            Threads = parsed.GetValue(Threads),
            LateTolerance = ToTimeSpan(parsed.GetValue(LateTolerance)),
            FutureTolerance = ToTimeSpan(parsed.GetValue(FutureTolerance)),
            AlertSurvival = parsed.GetRequiredValue(AlertSurvival),
            Plain = parsed.GetValue(Plain) || !Terminal.IsInteractive,
            File = parsed.GetValue(FileOption),
            Columns = parsed.GetValue(Columns),
            Json = parsed.GetValue(Json),
        };
        bool exit = parsed.GetValue(Exit);
        Check(settings, exit);
        if (exit)
        {
            await FileRun.RunAsync(settings, cancellation);
        }
        else if (parsed.GetValue(NoDemo) || settings.File is not null)
        {
            await ServeRun.RunAsync(settings, cancellation);
        }
        else
        {
            await DemoRun.RunAsync(settings, cancellation);
        }
        return ExitCode.Success;
    }

    private static void Check(RunSettings settings, bool exit)
    {
        if (exit && settings.File is null)
        {
            throw new UsageException("--exit ends the run after a file; name the file with --file.");
        }
        if (settings.Json && !exit)
        {
            throw new UsageException("--json prints the result of --file with --exit; add --exit.");
        }
        if (settings.File is { } file && !File.Exists(file))
        {
            throw new CliException($"There is no file {file}.");
        }
        if (settings.Columns is not null && settings.File is null)
        {
            throw new UsageException("--columns describes the file of --file; name the file.");
        }
    }

    private static string ParseUrls(string text)
    {
        foreach (string url in text.Split(';'))
        {
            if (CommonSettings.ParseUrl("--urls", url).Scheme != "http")
            {
                throw new CliException($"--urls takes http addresses, got '{url}'; for https put a proxy in front.");
            }
        }
        return text;
    }

    private static double ParseAlertSurvival(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double survival)
        && survival is 0 or >= AlertRule.MinSurvival and <= AlertRule.MaxSurvival
            ? survival
            : throw new CliException(string.Create(CultureInfo.InvariantCulture,
                $"--alert-survival must be 0 or a probability from {AlertRule.MinSurvival} to {AlertRule.MaxSurvival}, got '{text}'."));

    private static TimeSpan? ToTimeSpan(double? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
