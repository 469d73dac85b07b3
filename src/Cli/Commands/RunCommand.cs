using System.CommandLine;
using Foretell.Cli.Embedded;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Models.Mixers;

namespace Foretell.Cli.Commands;

/// <summary>foretell run: the embedded host, with its demo, with the user's own data, or for one file.</summary>
internal static class RunCommand
{
    private static readonly Option<string> DataDir = Settings.Text("--data-dir", "folder", "Where log and states are kept; created when missing.", fallback: DataDirectory.Default);
    private static readonly Option<string> Urls = CommonSettings.Urls("Addresses to listen on, separated by ';'; port 0 takes any free one.");
    private static readonly Option<string> Model = Settings.Text("--model", "file",
        "Model that forecasts; by default the one kept in the data folder, or else the small one that comes with the program.");
    private static readonly ModelSettings Bound = new();
    private static readonly Option<int?> Partitions = CommonSettings.Partitions();
    private static readonly Option<int> Threads = CommonSettings.Threads();
    private static readonly Option<double?> LateTolerance = CommonSettings.LateTolerance();
    private static readonly Option<double?> FutureTolerance = CommonSettings.FutureTolerance();
    private static readonly Option<double> AlertSurvival = CommonSettings.AlertSurvival();
    private static readonly Option<bool> NoDemo = Settings.Flag("--no-demo", "Serve the data folder as it is, without the simulated streams.");
    private static readonly Option<bool> Plain = CommonSettings.Plain();
    private static readonly FileInputOptions Feed = new();

    public static Command Create()
    {
        var verb = new Verb("run", "Starts the host: takes events, keeps a state for each stream, answers with forecasts.",
            "run",
            "run --no-demo --model model.safetensors --data-dir ./my-data",
            "run --no-demo --model softmax.safetensors --mixer tova --states 64 --data-dir ./my-data",
            "run --no-demo --urls http://127.0.0.1:8080 --plain",
            "run --data-dir ./my-data --file events.ndjson --exit --json")
        {
            DataDir, Urls, Model, Bound.Mixer, Bound.States, Partitions, Threads, LateTolerance, FutureTolerance, AlertSurvival, NoDemo, Plain, Feed.File, Feed.Columns, Feed.Exit, Feed.Json,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        FileInput? feed = Feed.Read(parsed);
        var settings = new RunSettings
        {
            DataDirectory = parsed.GetRequiredValue(DataDir),
            Urls = parsed.GetRequiredValue(Urls),
            Model = parsed.GetValue(Model),
            Mixer = parsed.GetValue(Bound.Mixer),
            States = parsed.GetValue(Bound.States),
            Partitions = parsed.GetValue(Partitions),
            Threads = parsed.GetValue(Threads),
            LateTolerance = Durations.ToTimeSpan(parsed.GetValue(LateTolerance)),
            FutureTolerance = Durations.ToTimeSpan(parsed.GetValue(FutureTolerance)),
            AlertSurvival = parsed.GetRequiredValue(AlertSurvival),
            Plain = parsed.GetValue(Plain) || !Terminal.IsInteractive,
            Feed = feed,
        };
        if (feed is { Exit: true })
        {
            await FileRun.RunAsync(settings, feed, cancellation);
        }
        else if (parsed.GetValue(NoDemo) || feed is not null)
        {
            await ServeRun.RunAsync(settings, cancellation);
        }
        else
        {
            await DemoRun.RunAsync(settings, cancellation);
        }
        return ExitCode.Success;
    }
}
