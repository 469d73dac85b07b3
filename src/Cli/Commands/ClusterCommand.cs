using System.CommandLine;
using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;

namespace Foretell.Cli.Commands;

/// <summary>foretell cluster: a throw-away cluster on this machine.</summary>
internal static class ClusterCommand
{
    /// <summary>Every silo is a process of its own with threads and connections; beyond this one machine only suffers.</summary>
    private const int MaxSilos = 16;

    /// <summary>Every silo can do everything.</summary>
    private const string EveryRole = "gateway,ingest,worker";

    private static readonly Option<int> Silos = Settings.Number("--silos", "Silos to start, each a process of its own.", 1, MaxSilos, 3);
    private static readonly Option<string> Urls = CommonSettings.Urls("Addresses of the first silo's API, separated by ';'; port 0 takes any free one, as the other silos do.");
    private static readonly Option<string> Model = Settings.Text("--model", "file", "Model that forecasts; by default the small one that comes with the program.");
    private static readonly Option<int?> Partitions = CommonSettings.Partitions();
    private static readonly Option<int?> Threads = Settings.OptionalNumber("--threads", "Worker threads of each silo; by default the processors, shared out.", 1, 1024);
    private static readonly Option<double?> LateTolerance = CommonSettings.LateTolerance();
    private static readonly Option<double?> FutureTolerance = CommonSettings.FutureTolerance();
    private static readonly Option<double> AlertSurvival = CommonSettings.AlertSurvival();
    private static readonly Option<bool> Plain = CommonSettings.Plain();
    private static readonly FileInputOptions Feed = new();
    private static readonly Option<string> Postgres = Settings.Text("--postgres", "folder", "Folder of PostgreSQL's programs initdb and postgres; looked for when not named.");
    private static readonly Option<string> Silo = Settings.Text("--silo-program", "folder", "Folder of the program foretell-silo; looked for beside this program when not named.");

    public static Command Create()
    {
        var verb = new Verb("cluster", "Starts a throw-away cluster on this machine: a PostgreSQL server and silos. Nothing of it stays behind.",
            "cluster --silos 3",
            "cluster --silos 2 --file events.ndjson --exit --json",
            "cluster --silos 2 --model model.safetensors --urls http://127.0.0.1:8080 --plain")
        {
            Silos, Urls, Model, Partitions, Threads, LateTolerance, FutureTolerance, AlertSurvival, Plain, Feed.File, Feed.Columns, Feed.Exit, Feed.Json, Postgres, Silo,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int silos = parsed.GetValue(Silos);
        var settings = new ClusterSettings
        {
            SiloRoles = [.. Enumerable.Repeat(EveryRole, silos)],
            Urls = parsed.GetRequiredValue(Urls),
            Model = parsed.GetValue(Model) ?? ModelFiles.BuiltIn,
            Partitions = parsed.GetValue(Partitions),
            Threads = parsed.GetValue(Threads) ?? Math.Max(1, Environment.ProcessorCount / silos),
            LateTolerance = Durations.ToTimeSpan(parsed.GetValue(LateTolerance)),
            FutureTolerance = Durations.ToTimeSpan(parsed.GetValue(FutureTolerance)),
            AlertSurvival = parsed.GetRequiredValue(AlertSurvival),
            Postgres = parsed.GetValue(Postgres),
            SiloProgram = parsed.GetValue(Silo),
        };
        await ClusterRun.RunAsync(settings, Feed.Read(parsed), parsed.GetValue(Plain) || !Terminal.IsInteractive, cancellation);
        return ExitCode.Success;
    }
}
