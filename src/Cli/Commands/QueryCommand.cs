using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Web.Forecasts;
using Foretell.Web.Streams;

namespace Foretell.Cli.Commands;

/// <summary>foretell query: asks a running host for one stream's forecast.</summary>
internal static class QueryCommand
{
    private static readonly Argument<string> s_stream = new("STREAM") { Description = "Key of the stream." };
    private static readonly Option<Uri> s_url = CommonSettings.Url();
    private static readonly Option<string> s_key = CommonSettings.ApiKeyFile();
    private static readonly Option<string> s_horizon =
        Settings.Typed("--horizon", "duration", "How far to look ahead: 30s, 5m, 1h, 2d.", "1h", ParseHorizon);
    private static readonly Option<string> s_at =
        Settings.Text("--at", "time", "Moment of asking: RFC 3339 or Unix seconds; now by default.");
    private static readonly Option<int?> s_marks =
        Settings.OptionalNumber("--marks", "How many of the likeliest marks to show; by default 10, in JSON 20.", 0, ModelLimits.Marks);
    private static readonly Option<int?> s_paths =
        Settings.OptionalNumber("--paths", "How many possible futures to draw.", 0, ForecastQuestion.MaxPaths);
    private static readonly Option<string> s_within = Settings.Text("--within", "a,b",
        "Marks of which to tell how likely one comes within the horizon: a failure within a week.");
    private static readonly Option<bool> s_actions = Settings.Flag("--actions",
        "What each action now is expected to bring within the horizon, of a model that was told which marks are actions; in the place of the forecast.");
    private static readonly Option<bool> s_json = CommonSettings.Json("Print the API's JSON instead of a table.");

    public static Command Create()
    {
        var verb = new Verb("query", "Asks a running host when a stream's next event comes and what it will be.",
            "query customer-42",
            "query customer-42 --horizon 1d --at 2026-03-01T12:00:00Z",
            "query customer-42 --marks 50",
            "query customer-42 --horizon 10m --paths 5",
            "query machine-7 --within failed --horizon 7d",
            "query customer-42 --actions --horizon 14d",
            "query customer-42 --url http://127.0.0.1:5080 --json")
        {
            s_stream, s_url, s_key, s_horizon, s_at, s_marks, s_paths, s_within, s_actions, s_json,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string stream = parsed.GetRequiredValue(s_stream);
        string horizon = ParseHorizon(parsed.GetRequiredValue(s_horizon)).ToString("R", CultureInfo.InvariantCulture);
        bool asksActions = parsed.GetValue(s_actions);
        if (asksActions && ((parsed.GetValue(s_marks) ?? parsed.GetValue(s_paths)) is not null || parsed.GetValue(s_within) is not null))
        {
            throw new UsageException("--actions stands in the place of the forecast, whose --marks, --paths and --within are; give one or the other.");
        }
        string path = $"v1/streams/{Uri.EscapeDataString(stream)}/{(asksActions ? "actions" : "forecast")}?horizon={horizon}&quantiles=0.05,0.25,0.5,0.75,0.95";
        if (parsed.GetValue(s_at) is { } at)
        {
            path += $"&at={Uri.EscapeDataString(at)}";
        }
        int? marks = parsed.GetValue(s_marks);
        if (marks is not null)
        {
            path += $"&marks={marks}";
        }
        int? paths = parsed.GetValue(s_paths);
        if (paths is not null)
        {
            path += $"&paths={paths}";
        }
        if (parsed.GetValue(s_within) is { } within)
        {
            if (string.IsNullOrWhiteSpace(within))
            {
                throw new UsageException("--within names no mark; give one or more: --within failed,repaired.");
            }
            path += $"&within={Uri.EscapeDataString(within)}";
        }

        using var api = new ApiClient(parsed.GetRequiredValue(s_url), ApiCredential.Find(parsed.GetValue(s_key)));
        string json = await api.GetAsync(path, cancellation);
        if (parsed.GetValue(s_json))
        {
            Terminal.WriteLine(json);
        }
        else if (asksActions)
        {
            ValueTables.Write(JsonSerializer.Deserialize<ActionsAnswer>(json, JsonSerializerOptions.Web)!);
        }
        else
        {
            string standing = await api.GetAsync($"v1/streams/{Uri.EscapeDataString(stream)}", cancellation);
            ForecastAnswer forecast = JsonSerializer.Deserialize<ForecastAnswer>(json, JsonSerializerOptions.Web)!;
            ForecastView.Write(forecast, marks);
            if (forecast.Paths is not null)
            {
                PathsView.Write(forecast.Paths, forecast.HorizonSeconds);
            }
            ScoresView.Write(JsonSerializer.Deserialize<StreamAnswer>(standing, JsonSerializerOptions.Web)!.Live);
        }
        return ExitCode.Success;
    }

    private static double ParseHorizon(string text) => Durations.Parse("--horizon", text, double.Epsilon);
}
