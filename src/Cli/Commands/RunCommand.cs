using System.CommandLine;
using System.Text;
using Foretell.Cli.Embedded;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Web.Http;

namespace Foretell.Cli.Commands;

/// <summary>foretell run: the embedded host, with its demo, with the user's own data, or for one file.</summary>
internal static class RunCommand
{
    /// <summary>A row has counts of so many marks.</summary>
    private const int MostMarks = 64;

    private static readonly Option<string> s_dataDir =
        DataDirectorySettings.Create("Where log and states are kept; created when missing.");
    private static readonly Option<string> s_urls =
        CommonSettings.Urls("Addresses to listen on, separated by ';'; port 0 takes any free one.");
    private static readonly Option<string?> s_metricsUrls = CommonSettings.MetricsUrls();
    private static readonly Option<string> s_model = Settings.Text("--model", "file",
        "Model that forecasts; by default the one kept in the data folder, or else the small one that comes with the program.");
    private static readonly Option<string[]?> s_marks = Settings.Parsed<string[]?>("--marks", "a,b,...",
        "Marks of your events, with the model that comes with the program: it tells how likely each is by the stream's own counts.",
        ParseMarks);
    private static readonly ModelSettings s_bound = new();
    private static readonly Option<bool> s_shared = CommonSettings.Shared();
    private static readonly Option<int?> s_partitions = CommonSettings.Partitions();
    private static readonly Option<int> s_threads = CommonSettings.Threads();
    private static readonly Option<double?> s_lateTolerance = CommonSettings.LateTolerance();
    private static readonly Option<double?> s_futureTolerance = CommonSettings.FutureTolerance();
    private static readonly Option<double?> s_retain = CommonSettings.Retain();
    private static readonly Option<long?> s_maxStreams = CommonSettings.MaxStreams();
    private static readonly Option<long?> s_maxNewStreams = CommonSettings.MaxNewStreams();
    private static readonly Option<double> s_alertSurvival = CommonSettings.AlertSurvival();
    private static readonly Option<bool> s_noDemo =
        Settings.Flag("--no-demo", "Serve the data folder as it is, without the simulated streams.");
    private static readonly Option<bool> s_plain = CommonSettings.Plain();
    private static readonly FileInputOptions s_input = new();
    private static readonly SourceSettings s_source = new();
    private static readonly PublishSettings s_publish = new();
    private static readonly GuardSettings s_guards = new();

    public static Command Create()
    {
        var verb = new Verb("run", "Starts the host: takes events, keeps a state for each stream, answers with forecasts.",
            "run",
            "run --no-demo --model model.safetensors --data-dir ./my-data",
            "run --no-demo --model softmax.safetensors --mixer tova --states 64 --data-dir ./my-data",
            "run --no-demo --marks view,cart,buy",
            "run --no-demo --urls http://127.0.0.1:8080 --plain",
            "run --no-demo --retain 30d",
            "run --metrics-urls http://127.0.0.1:9464",
            "run --no-demo --urls https://0.0.0.0:5443 --tls-cert host.pem --tls-key host-key.pem",
            "run --event-hub @connection.txt --map stream=/device,time=/at,mark=/type",
            "run --event-hub my-namespace/my-hub --consumer-group foretell --from end",
            "run --kafka kafka-1:9092,kafka-2:9092/events --from start",
            "run --no-demo --publish-to @alerts.txt --publish-forecasts-of pump-7 --publish-forecasts-of pump-8",
            "run --data-dir ./my-data --file events.ndjson --exit --json",
            "run --data-dir ./my-data --file newest-first.csv.gz --sort --time-zone Europe/Berlin --exit")
        {
            s_dataDir, s_urls, s_metricsUrls, s_model, s_marks, s_bound.Mixer, s_bound.States, s_bound.Adapt, s_bound.NoAdapt, s_shared,
                s_partitions, s_threads, s_lateTolerance, s_futureTolerance, s_retain, s_maxStreams, s_maxNewStreams, s_alertSurvival,
                s_noDemo, s_plain,
        };
        verb.AddAll(s_guards.All);
        verb.AddAll(s_source.All);
        verb.AddAll(s_publish.All);
        verb.AddAll(s_input.All);
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        FileInput? input = s_input.Read(parsed);
        SourceInput? source = s_source.Read(parsed, input);
        PublishTarget? publish = s_publish.Read(parsed);
        if (publish is not null && source?.Broker.Hub?.IsOfSameHub(publish.Address) == true)
        {
            throw new UsageException("--publish-to names the hub that --event-hub reads: alerts would come back as events of their streams, and end the silences that they tell of. Publish to another hub.");
        }
        var settings = new RunSettings
        {
            DataDirectory = parsed.GetRequiredValue(s_dataDir),
            Listen = s_guards.Read(parsed, parsed.GetRequiredValue(s_urls), parsed.GetRequiredValue(s_dataDir)),
            MetricsUrls = parsed.GetValue(s_metricsUrls),
            Model = parsed.GetValue(s_model),
            // An option of a list is an empty one where it is not given.
            Marks = parsed.GetValue(s_marks) is { Length: > 0 } marks ? marks : null,
            Variant = s_bound.Read(parsed),
            Shared = parsed.GetValue(s_shared),
            Partitions = parsed.GetValue(s_partitions),
            Threads = parsed.GetValue(s_threads),
            LateTolerance = Durations.ToTimeSpan(parsed.GetValue(s_lateTolerance)),
            FutureTolerance = Durations.ToTimeSpan(parsed.GetValue(s_futureTolerance)),
            Retain = Durations.ToTimeSpan(parsed.GetValue(s_retain)),
            MaxStreams = parsed.GetValue(s_maxStreams),
            MaxNewStreams = parsed.GetValue(s_maxNewStreams),
            AlertSurvival = parsed.GetRequiredValue(s_alertSurvival),
            Plain = parsed.GetValue(s_plain) || !Terminal.IsInteractive,
            Input = input,
            Source = source,
            Publish = publish,
        };
        if (settings.MetricsUrls is { } metrics && ListenCheck.Overlap(metrics, settings.Listen.Urls))
        {
            throw new UsageException($"--metrics-urls is '{metrics}', and --urls is '{settings.Listen.Urls}' already: give metrics a port of their own, such as 9464.");
        }
        if (input is { Exit: true })
        {
            if (settings.MetricsUrls is not null)
            {
                throw new UsageException("--exit ends the run after a file, and metrics are of a host that goes on: leave --exit or --metrics-urls out.");
            }
            if (publish is not null)
            {
                throw new UsageException("--exit ends the run after a file, and alerts come from a host that goes on: leave --exit or --publish-to out.");
            }
            return await FileRun.RunAsync(settings, input, cancellation);
        }
        if (parsed.GetValue(s_noDemo) || input is not null || source is not null || publish is not null)
        {
            await ServeRun.RunAsync(settings, cancellation);
        }
        else if (settings.Marks is not null)
        {
            throw new UsageException("--marks names the marks of your own events, and the demo has its own. Say --no-demo, too.");
        }
        else
        {
            await DemoRun.RunAsync(settings, cancellation);
        }
        return ExitCode.Success;
    }

    private static string[] ParseMarks(string text)
    {
        string[] marks = text.Split(',', StringSplitOptions.TrimEntries);
        if (marks.Length > MostMarks || marks.Distinct().Count() < marks.Length
            || !Array.TrueForAll(marks, m => Encoding.UTF8.GetByteCount(m) is > 0 and <= ModelLimits.MarkBytes))
        {
            throw new CliException(
                $"--marks must be 1 to {MostMarks} different marks of at most {ModelLimits.MarkBytes} bytes, separated by commas, got '{text}'.");
        }
        return marks;
    }
}
