using System.Diagnostics;
using System.Text.Json;
using Foretell.Cli.Tests.Screen;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell compare --task activities, as a process.</summary>
public sealed class CompareActivitiesTests : IDisposable
{
    private static readonly string[] s_arguments =
    [
        "compare", "--task", "activities", "--train", "train.jsonl", "--test", "test.jsonl", "--out", "out", "--time-unit", "days",
        "--width", "16", "--layers", "1", "--heads", "2",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_OfActivities_PrintsATableAndWritesAPageWithCurves()
    {
        File.WriteAllLines(_folder.At("train.jsonl"), Enumerable.Range(0, 60).Select(Case));
        File.WriteAllLines(_folder.At("test.jsonl"), Enumerable.Range(60, 20).Select(Case));

        ProcessResult shown = await CompareAsync("--mixers", "aaren,softmax", "--seeds", "2");
        ProcessResult json = await CompareAsync("--mixers", "aaren", "--seeds", "1", "--json");

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        Assert.Contains("training 4 of 4 (softmax, seed 2)", shown.Output);
        Assert.Matches(@"form +accuracy +as Tax +going on +log loss +over +next gap +remaining +bytes", shown.Output);
        Assert.Matches(@"aaren +\d+\.\d ± \d+\.\d .* \d+\.\d\d ± \d+\.\d\d +[\d,]+", shown.Output);
        Assert.Matches(@"median after activity +- +- +- +- +- +\d+\.\d\d +\d+\.\d\d +-", shown.Output);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal((20, 50, 3, true), (report.GetProperty("cases").GetInt32(), report.GetProperty("events").GetInt32(),
            report.GetProperty("activities").GetInt32(), report.GetProperty("readsCalendar").GetBoolean()));
        Assert.True(report.GetProperty("isComplete").GetBoolean());
        JsonElement aaren = report.GetProperty("rows")[0];
        Assert.Equal("aaren", aaren.GetProperty("name").GetString());
        Assert.Equal(aaren.GetProperty("scores").GetProperty("accuracy").GetProperty("mean").GetDouble(),
            aaren.GetProperty("perSeed")[0].GetProperty("accuracy").GetDouble());
        Assert.Equal(2, aaren.GetProperty("byKnown").GetArrayLength());
        string page = File.ReadAllText(_folder.At("out/report.html"));
        Assert.Contains("As a case grows: how long it still takes", page);
        Assert.Contains("<polyline", page);
        Assert.DoesNotContain("Not finished", page);
    }

    /// <summary>On a narrow terminal the columns are told in two tables, none of whose lines is too long.</summary>
    [TerminalTheory]
    [InlineData(80, 2)]
    [InlineData(160, 1)]
    public async Task Compare_OnATerminal_FitsItsWidth(int columns, int tables)
    {
        File.WriteAllLines(_folder.At("train.jsonl"), Enumerable.Range(0, 60).Select(Case));
        File.WriteAllLines(_folder.At("test.jsonl"), Enumerable.Range(60, 20).Select(Case));
        string program = Path.Combine(AppContext.BaseDirectory, "foretell.dll");
        var start = new ProcessStartInfo("script",
        [
            "-qefc", $"stty cols {columns} rows 40; exec dotnet '{program}' {string.Join(' ', s_arguments)} --mixers aaren --seeds 2", "/dev/null",
        ])
        {
            WorkingDirectory = _folder.Path, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "dumb";
        using Process terminal = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        string[] lines = (await terminal.StandardOutput.ReadToEndAsync(limit.Token)).Split('\n', StringSplitOptions.TrimEntries);
        await terminal.WaitForExitAsync(limit.Token);

        Assert.Equal(0, terminal.ExitCode);
        Assert.Equal(tables, lines.Count(line => line.StartsWith("form ", StringComparison.Ordinal)));
        Assert.Equal(tables, lines.Count(line => line.StartsWith("median after activity ", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.True(line.Length <= columns, line));
    }

    /// <summary>Times of an event file are absolute: those of both files tell the same week, whenever either begins.</summary>
    [Fact]
    public async Task Compare_OfEventFiles_ReadsTheSameWeekInBoth()
    {
        string Event(int i, string start, string mark, int hours) =>
            $$"""{"stream":"s{{i}}","time":"{{DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture).AddDays(7 * i).AddHours(hours):yyyy-MM-ddTHH:mm:ssZ}}","mark":"{{mark}}"}""";
        // Whatever begins on a Monday takes an hour, and on a Thursday two days; files begin on different days.
        string[] Cases(int from, string first) => [.. Enumerable.Range(from, 40).SelectMany(i => i % 2 == 0
            ? new[] { Event(i, "2024-01-01T09:00:00Z", "open", 0), Event(i, "2024-01-01T09:00:00Z", "close", 1) }
            : [Event(i, "2024-01-04T09:00:00Z", "open", 0), Event(i, "2024-01-04T09:00:00Z", "close", 48)]).Where(line => from > 0 || !line.Contains(first))];
        File.WriteAllLines(_folder.At("train.jsonl"), Cases(0, "\"s0\""));
        File.WriteAllLines(_folder.At("test.jsonl"), Cases(40, ""));

        ProcessResult json = await CompareAsync("--mixers", "aaren", "--seeds", "1", "--json", "--epochs", "60");

        Assert.Equal(0, json.ExitCode);
        JsonElement rows = JsonDocument.Parse(json.Output).RootElement.GetProperty("rows");
        double Remaining(string name) => rows.EnumerateArray().Single(r => r.GetProperty("name").GetString() == name)
            .GetProperty("scores").GetProperty("remainingError").GetProperty("mean").GetDouble();
        Assert.True(Remaining("aaren") < 0.3 * Remaining("median after activity"), json.Output);
    }

    [Theory]
    [InlineData("--test is needed.", "--train", "a", "--out", "b")]
    [InlineData("--dev has no meaning with --task activities. Leave it out.", "--train", "a", "--test", "a", "--dev", "a", "--out", "b")]
    [InlineData("--horizons has no meaning with --task activities. Leave it out.", "--train", "a", "--test", "a", "--horizons", "--out", "b")]
    public async Task Compare_WhenTheCommandIsWrong_SaysHow(string sentence, params string[] arguments)
    {
        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["compare", "--task", "activities", .. arguments]);

        Assert.Equal((2, sentence), (refused.ExitCode, refused.Sentence));
    }

    [Fact]
    public async Task Compare_OfCasesWithoutMarks_SaysWhichCase()
    {
        File.WriteAllText(_folder.At("train.jsonl"), """{"id":"first","t":[0,1]}""");
        File.WriteAllText(_folder.At("test.jsonl"), """{"id":"second","t":[0,1]}""");

        ProcessResult refused = await CompareAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("Case 'first' of train has events without a mark, and marks are the activities.", refused.Sentence);
    }

    /// <summary>Opened, now and then checked, closed.</summary>
    private static string Case(int i)
    {
        double[] times = [i, i + 0.5, i + 0.5 + (i % 4 == 0 ? 2 : 0.25)];
        string[] marks = i % 4 == 0 ? ["open", "check", "close"] : i % 4 == 1 ? ["open", "check"] : i % 4 == 2 ? ["open", "check", "close"] : ["open", "close"];
        return JsonSerializer.Serialize(new { id = i, t = times[..marks.Length], k = marks });
    }

    private Task<ProcessResult> CompareAsync(params string[] arguments) =>
        ForetellProcess.RunAsync(_folder.Path, [.. s_arguments, .. arguments]);
}
