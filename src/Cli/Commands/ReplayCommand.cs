using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using Foretell.Cli.Data;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;
using Foretell.Models.PointProcess;
using Foretell.Web.Status;

namespace Foretell.Cli.Commands;

/// <summary>foretell replay: sends a file of events to a running host, at its own pace or faster.</summary>
internal static class ReplayCommand
{
    private static readonly Option<string> s_fileOption = Settings.Text("--file", "file", $"Event file to send. {CommonSettings.FileKinds}", required: true);
    private static readonly Option<Uri> s_url = CommonSettings.Url();
    private static readonly Option<string> s_key = CommonSettings.ApiKeyFile();
    private static readonly Option<string> s_speed = Settings.Typed("--speed", "x|max",
        "How many times faster than the events happened, 1 as they did: a month's file then takes a month; max sends as fast as the host takes it.", "1", ParseSpeed);
    private static readonly Option<EventColumns?> s_columns = CommonSettings.Columns();
    private static readonly Option<TimeZoneInfo?> s_zone = CommonSettings.Zone();
    private static readonly Option<bool> s_sort = CommonSettings.Sort();
    private static readonly Option<string> s_timeUnit = CommonSettings.TimeUnit();

    public static Command Create()
    {
        var verb = new Verb("replay", "Sends a file of events to a running host. Repeating it appends nothing twice.",
            "replay --file events.ndjson --speed max",
            "replay --file newest-first.parquet --sort --speed max",
            "replay --file messages.csv --columns stream=src,time=unix_time --speed 60",
            "replay --file sequences.jsonl --time-unit hours --url http://127.0.0.1:5080 --speed max")
        {
            s_fileOption, s_url, s_key, s_speed, s_columns, s_zone, s_sort, s_timeUnit,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetRequiredValue(s_fileOption);
        Uri url = parsed.GetRequiredValue(s_url);
        var options = new ReplayOptions
        {
            Speed = ParseSpeed(parsed.GetRequiredValue(s_speed)),
            Columns = parsed.GetValue(s_columns),
            Zone = parsed.GetValue(s_zone),
            Sort = parsed.GetValue(s_sort),
            TimeUnitSeconds = Durations.ParseTimeUnit(parsed.GetRequiredValue(s_timeUnit)),
        };

        AuthenticationHeaderValue? credential = ApiCredential.Find(parsed.GetValue(s_key));
        using var api = new ApiClient(url, credential);
        StatusAnswer? before = await api.FindStatusAsync(null, cancellation);
        ModelAnswer? model = before is null ? null : await api.FindModelAsync(before.Model, cancellation);
        var unknown = new UnknownMarks(model?.Marks ?? []);
        DeadLetterWatch? watch = before is { DeadLetters: var deadBefore }
            ? new DeadLetterWatch(deadBefore, api.FindNewestDeadLetterAsync) : null;
        options = options with { Answered = (sent, token) => LookAsync(watch, api, sent, token) };
        if (ReplayPace.Describe(path, options, DateTimeOffset.UtcNow, out long? counted) is { } pace)
        {
            Terminal.WriteNote(pace);
        }
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30), DefaultRequestHeaders = { Authorization = credential } };
        var client = new ReplayClient(http, url);
        ReplaySummary summary = await ReplayView.ShowAsync(
            counted is { } events ? () => events
                : InputFile.CanReadAgain(path)
                ? () => EventFile.ReadEvents(path, options.TimeUnitSeconds, options.Columns, zone: options.Zone).Sum(b => (long)b.Count)
                : null,
            progress => client.RunAsync(path, options with { Look = unknown.Add }, progress, cancellation));

        StatusAnswer? after = await api.FindStatusAsync(summary.Position, cancellation);
        ReplayView.Summarise(summary, after);
        if (MarkRemark.Of(unknown, model?.HasOtherMark ?? false) is { } remark)
        {
            Terminal.WriteNote($"remark: {remark}");
        }
        if (summary.Rejected > 0)
        {
            Terminal.WriteError($"the host rejected {summary.Rejected} of {summary.Sent} events.");
            return ExitCode.Failure;
        }
        // Counted over the replay, so that another sender's would count, too; a replay that is repeated has none of its own any more.
        if (watch is not null && after is not null && await watch.EndAsync(summary.Sent, after.DeadLetters, cancellation) is { } loss)
        {
            Terminal.WriteError(loss);
            return ExitCode.DeadLetters;
        }
        return ExitCode.Success;
    }

    private static Task LookAsync(DeadLetterWatch? watch, ApiClient api, ReplaySummary sent, CancellationToken cancellation) =>
        watch is null ? Task.CompletedTask : watch.LookAsync(sent.Batches, sent.Sent,
            async () => (await api.FindStatusAsync(sent.Position, cancellation))?.DeadLetters, cancellation);

    /// <summary>Null stands for "as fast as the host takes it".</summary>
    private static double? ParseSpeed(string text) =>
        text == "max" ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double speed) && double.IsFinite(speed) && speed > 0
            ? speed
            : throw new CliException($"--speed must be max or a number above 0 (1 is as it happened), got '{text}'.");
}
