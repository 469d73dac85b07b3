using System.CommandLine;
using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Web.Guards;
using Microsoft.AspNetCore.Http;

namespace Foretell.Cli.Commands;

/// <summary>foretell cluster: a throw-away cluster on this machine.</summary>
internal static class ClusterCommand
{
    /// <summary>Every silo is a process of its own with threads and connections; beyond this one machine only suffers.</summary>
    private const int MaxSilos = 16;

    /// <summary>Every silo can do everything.</summary>
    private const string EveryRole = "gateway,ingest,worker";

    private static readonly Option<int> s_silos = Settings.Number("--silos", "Silos to start, each a process of its own.", 1, MaxSilos, 3);
    private static readonly Option<string> s_urls =
        CommonSettings.Urls("Addresses of the first silo's API, separated by ';'; port 0 takes any free one, as the other silos do.");
    private static readonly Option<string> s_model =
        Settings.Text("--model", "file", "Model that forecasts; by default the small one that comes with the program.");
    private static readonly Option<int?> s_partitions = CommonSettings.Partitions();
    private static readonly Option<int?> s_threads =
        Settings.OptionalNumber("--threads", "Worker threads of each silo; by default the processors, shared out.", 1, 1024);
    private static readonly Option<double?> s_lateTolerance = CommonSettings.LateTolerance();
    private static readonly Option<double?> s_futureTolerance = CommonSettings.FutureTolerance();
    private static readonly Option<double?> s_retain = CommonSettings.Retain();
    private static readonly Option<bool> s_shared = CommonSettings.Shared();
    private static readonly Option<double> s_alertSurvival = CommonSettings.AlertSurvival();
    private static readonly Option<bool> s_insecure = GuardSettings.InsecureOption();
    private static readonly Option<bool> s_plain = CommonSettings.Plain();
    private static readonly FileInputOptions s_input = new();
    private static readonly SourceSettings s_source = new();
    private static readonly Option<string> s_postgres =
        Settings.Text("--postgres", "folder", "Folder of PostgreSQL's programs initdb and postgres; looked for when not named.");
    private static readonly Option<string> s_silo =
        Settings.Text("--silo-program", "folder", "Folder of the program foretell-silo; looked for beside this program when not named.");

    public static Command Create()
    {
        var verb = new Verb("cluster",
            "Starts a throw-away cluster on this machine: a PostgreSQL server and silos. Nothing of it stays behind.",
            "cluster --silos 3",
            "cluster --silos 2 --file events.ndjson --exit --json",
            "cluster --silos 2 --event-hub @connection.txt",
            "cluster --silos 2 --model model.safetensors --urls http://127.0.0.1:8080 --plain")
        {
            s_silos, s_urls, s_model, s_partitions, s_threads, s_lateTolerance, s_futureTolerance, s_retain, s_shared, s_alertSurvival,
                s_insecure, s_plain, s_postgres, s_silo,
        };
        verb.AddAll(s_source.All);
        verb.AddAll(s_input.All);
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int silos = parsed.GetValue(s_silos);
        FileInput? input = s_input.Read(parsed);
        SourceInput? source = s_source.Read(parsed, input);
        if (!parsed.GetValue(s_insecure) && parsed.GetRequiredValue(s_urls).Split(';').Select(BindingAddress.Parse)
            .FirstOrDefault(address => !ListenGuard.IsOfThisMachineAlone(address)) is { } open)
        {
            throw new UsageException($"--urls has {open}, which others than this machine can reach, and nobody needs a key for a throw-away cluster. Listen on 127.0.0.1, or say {GuardSettings.InsecureName}.");
        }
        var settings = new ClusterSettings
        {
            SiloRoles = [.. Enumerable.Repeat(EveryRole, silos)],
            Urls = parsed.GetRequiredValue(s_urls),
            IsInsecure = parsed.GetValue(s_insecure),
            Model = parsed.GetValue(s_model) ?? ModelFiles.Demo,
            Partitions = parsed.GetValue(s_partitions),
            Threads = parsed.GetValue(s_threads) ?? Math.Max(1, Environment.ProcessorCount / silos),
            LateTolerance = Durations.ToTimeSpan(parsed.GetValue(s_lateTolerance)),
            FutureTolerance = Durations.ToTimeSpan(parsed.GetValue(s_futureTolerance)),
            Retain = Durations.ToTimeSpan(parsed.GetValue(s_retain)),
            Shared = parsed.GetValue(s_shared),
            AlertSurvival = parsed.GetRequiredValue(s_alertSurvival),
            Source = source,
            Postgres = parsed.GetValue(s_postgres),
            SiloProgram = parsed.GetValue(s_silo),
        };
        return await ClusterRun.RunAsync(settings, input, parsed.GetValue(s_plain) || !Terminal.IsInteractive, cancellation);
    }
}
