using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>From events to the table of all mixers, as processes.</summary>
public sealed class CompareTests : IDisposable
{
    private static readonly string[] s_small = ["--width", "16", "--layers", "1", "--heads", "2"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_WhenInterrupted_GoesOnWithTheSameCommand()
    {
        await SimulateAsync(streams: 40, events: 4000);
        string[] command = [.. Command("out"), "--mixers", "aaren,softmax", "--epochs", "20", "--seeds", "2"];
        await using ForetellProcess comparison = ForetellProcess.Start(_folder.Path, command);
        await comparison.LineAsync(l => l.StartsWith("training 2 of 8 (aaren, rate 0.006, seed 1), about ", StringComparison.Ordinal));

        ProcessResult stopped = await comparison.InterruptAsync();

        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("the same command goes on from there", stopped.Sentence);
        string first = Directory.EnumerateFiles(_folder.At("out/trainings"), "aaren-rate0.003-seed1-*.json").Single();
        byte[] before = File.ReadAllBytes(first);

        ProcessResult resumed = await RunAsync([.. command, "--json"]);
        Assert.DoesNotContain("training 1 of 8", resumed.Error);
        Assert.Contains("training 8 of 8", resumed.Error);
        Assert.Equal(before, File.ReadAllBytes(first));
        JsonElement report = JsonDocument.Parse(resumed.Output).RootElement;
        Assert.True(report.GetProperty("isComplete").GetBoolean());
        Assert.Equal(["aaren", "softmax", "exponential", "log-normals", "running"], report.GetProperty("rows").EnumerateArray()
            .Select(r => r.GetProperty("name").GetString()));
        JsonElement aaren = report.GetProperty("rows")[0];
        Assert.Equal(2, aaren.GetProperty("perSeed").GetArrayLength());
        Assert.All(new[] { "nll", "nllTime", "nllMark", "accuracy", "pitKs", "devNll" }, key =>
            Assert.True(double.IsFinite(aaren.GetProperty(key).GetProperty("mean").GetDouble())));
        Assert.True(aaren.GetProperty("nll").GetProperty("standardError").GetDouble() > 0);
        Assert.All(new[] { "bytesPerStream", "eventsPerSecond", "trainingSeconds", "learningRate", "nllBySeen", "pitShares" }, key =>
            Assert.True(aaren.TryGetProperty(key, out _)));

        // All is there: nothing is trained or scored again.
        ProcessResult again = await RunAsync([.. command, "--json"]);
        Assert.Equal(("", resumed.Output), (again.Error, again.Output));
    }

    [Fact]
    public async Task Compare_WhenRowsAreNotNamed_ReportsAllOfThemInOnePage()
    {
        await SimulateAsync(streams: 20, events: 800);

        ProcessResult result = await RunAsync([.. Command("out"), "--epochs", "1", "--seeds", "1", "--states", "1/8,30"]);

        string[] names = ["aaren", "aaren-plain", "linear", "linear-plain", "softmax", "softmax-plain",
            "tova 5", "tova 30", "window 5", "window 30", "window+i 5", "window+i 30", "h2o 5", "h2o 30", "exponential", "log-normals",
                "running"];
        JsonElement[] rows =
            [.. JsonDocument.Parse(File.ReadAllText(_folder.At("out/report.json"))).RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(names, rows.Select(r => r.GetProperty("name").GetString()));
        Assert.All(names, name => Assert.Matches($@"(?m)^ +{Regex.Escape(name)} +-?\d", result.Output));

        string[] table = [.. File.ReadLines(_folder.At("out/report.md")).Where(l => l.StartsWith('|'))];
        Assert.Equal(names.Length + 2, table.Length);
        Assert.Equal("| form | joint NLL | time | mark | accuracy | pitKs | MAE | CRPS | 50/80/95 % hold | mark cal. | parameters | bytes at 100 | at 1,000 | at 10,000 | events/s | training | rate | seeds |", table[0]);
        Assert.All(rows, row =>
            Assert.Contains(table, line => line.StartsWith($"| {row.GetProperty("name").GetString()} | ", StringComparison.Ordinal)
            && line.Contains(row.GetProperty("nll").GetProperty("mean").GetDouble().ToString("0.0000", CultureInfo.InvariantCulture))));

        AssertSelfContained(File.ReadAllText(_folder.At("out/report.html")), names);

        // The models that were trained are models like any other.
        string model = Directory.EnumerateFiles(_folder.At("out/trainings"), "softmax-rate*.safetensors").First();
        await RunAsync("eval", "--model", model, "--test", "test.jsonl", "--mixer", "tova", "--states", "5");
    }

    [Fact]
    public async Task Compare_WhenOpenEndsCount_HasThemAsAColumnAndGoesOnWithThem()
    {
        await SimulateAsync(streams: 30, events: 600, "churn");
        string[] plain = [.. Command("out"), "--mixers", "softmax,tova", "--epochs", "1"], censored = [.. plain, "--censored"];
        await RunAsync([.. censored, "--seeds", "1"]);

        ProcessResult resumed = await RunAsync([.. censored, "--seeds", "2"]);

        Assert.Contains("training 4 of 4", resumed.Output);
        Assert.DoesNotContain("training 3 of 4", resumed.Output);
        Assert.Matches(@"accuracy +open end +pitKs", resumed.Output);
        string[] lines = File.ReadAllLines(_folder.At("out/report.md"));
        Assert.Contains(lines, l => l.EndsWith("predicted, 30 open ends."));
        Assert.Contains(lines, l => l.StartsWith("| form | joint NLL | time | mark | accuracy | open end | pitKs |"));
        string page = File.ReadAllText(_folder.At("out/report.html"));
        AssertSelfContained(page, ["softmax", "tova 2", "exponential", "log-normals", "running"]);
        Assert.Contains("<button>open end</button>", page);

        JsonElement report = JsonDocument.Parse(File.ReadAllText(_folder.At("out/report.json"))).RootElement;
        Assert.Equal(30, report.GetProperty("openEnds").GetInt32());
        Assert.All(report.GetProperty("rows").EnumerateArray(), row =>
            Assert.True(row.GetProperty("nllOpenEnd").GetProperty("mean").GetDouble() > 0));
        JsonElement softmax = report.GetProperty("rows")[0];
        string model =
            Directory.EnumerateFiles(_folder.At("out/trainings"),
            FormattableString.Invariant($"softmax-rate{softmax.GetProperty("learningRate").GetDouble()}-seed1-*.safetensors")).Single();
        JsonElement scores =
            JsonDocument.Parse((await RunAsync("eval", "--model", model, "--test", "test.jsonl", "--censored", "--json")).Output)
            .RootElement;
        Assert.Equal(scores.GetProperty("nllOpenEnd").GetDouble(), softmax.GetProperty("perSeed")[0].GetProperty("nllOpenEnd").GetDouble());

        ProcessResult other = await ForetellProcess.RunAsync(_folder.Path, plain);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("other settings: training.shape.censored was true and is not set now", other.Sentence);
    }

    [Fact]
    public async Task Compare_WhenHorizonsAreAskedFor_HasATableOfThemInEveryReport()
    {
        await SimulateAsync(streams: 20, events: 800);
        string[] plain = [.. Command("out"), "--mixers", "aaren", "--epochs", "1", "--seeds", "2"];
        string before = (await RunAsync(plain)).Output;
        Assert.DoesNotContain("T-mAP", before + File.ReadAllText(_folder.At("out/report.json")));

        ProcessResult result = await RunAsync([.. plain, "--horizons", "--adapt"]);

        Assert.DoesNotContain("training", result.Output.Split("joint NLL")[0]);
        Assert.Matches(@"whole horizons of [\d.]+ \S+ +T-mAP +weighted +OTD", result.Output);
        Assert.Matches(@"(?m)^ +aaren +\d\.\d{4} ± \d\.\d{4} ", result.Output);
        JsonElement horizons = JsonDocument.Parse(File.ReadAllText(_folder.At("out/report.json"))).RootElement.GetProperty("horizons");
        string[] names = ["aaren", "aaren + adapting", "history density", "most popular"];
        Assert.Equal(names, horizons.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.InRange(horizons.GetProperty("rows")[0].GetProperty("tMap").GetProperty("mean").GetDouble(), 0.001, 0.999);
        Assert.True(horizons.GetProperty("events").GetInt32() > horizons.GetProperty("horizons").GetInt32());
        string page = File.ReadAllText(_folder.At("out/report.html"));
        AssertSelfContained(page, ["aaren", "aaren + adapting", "exponential", "log-normals", "running"]);
        Assert.All(names[2..], name => Assert.Contains($"<tr class=\"counts\"><th scope=\"row\">{name}</th>", page));
        string[] lines = File.ReadAllLines(_folder.At("out/report.md"));
        Assert.Equal(1, lines.Count(l => l == "| form | T-mAP | weighted | OTD |"));
        Assert.Equal(2, lines.Count(l => l.StartsWith("| aaren + adapting | ")));
        Assert.Contains(lines, l => l.StartsWith("- + adapting: the same models"));
        Assert.Contains(lines, l => l.Contains("horizons of ") && l.Contains("behind every "));
    }

    [Fact]
    public async Task Compare_WhenStreamsHaveNoClockInCommon_AsksForTheEndOfObservation()
    {
        foreach (string name in new[] { "train", "dev", "test" })
        {
            File.WriteAllLines(_folder.At($"{name}.jsonl"), Enumerable.Range(1, 6)
                .Select(i => $"{{\"id\":\"s{i}\",\"t\":[0,{i},{i + 3}]}}"));
        }
        string[] command = [.. Command("out"), "--mixers", "aaren", "--epochs", "1", "--seeds", "1", "--censored"];

        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, command);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Name the end with --until", refused.Sentence);
        Assert.False(Directory.Exists(_folder.At("out")));

        // Without marks the gap is all there is to score, beside the open end.
        await RunAsync([.. command, "--until", "20"]);
        Assert.Contains(File.ReadLines(_folder.At("out/report.md")), l => l.StartsWith("| form | time NLL | open end | pitKs |"));
    }

    [Fact]
    public async Task Compare_WhenTheFolderHoldsAnother_IsRefused()
    {
        await SimulateAsync(streams: 10, events: 300);
        string[] command = [.. Command("out"), "--mixers", "aaren", "--seeds", "1"];
        await RunAsync([.. command, "--epochs", "1"]);

        ProcessResult other = await ForetellProcess.RunAsync(_folder.Path, [.. command, "--epochs", "2"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("other settings: training.epochs was 1 and is 2 now", other.Sentence);

        await SimulateAsync(streams: 11, events: 300);
        other = await ForetellProcess.RunAsync(_folder.Path, [.. command, "--epochs", "1"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("other data", other.Sentence);

        other = await ForetellProcess.RunAsync(_folder.Path, Command("train.jsonl"));
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("--out must name a folder", other.Sentence);
    }

    private static void AssertSelfContained(string page, string[] names)
    {
        Assert.DoesNotMatch("https?:|src=|<link|@import|<img|<iframe|//[a-z]", page);
        Assert.All(Regex.Matches(page, @"url\(([^)]*)\)"), m => Assert.StartsWith("#", m.Groups[1].Value));
        Assert.Contains("prefers-color-scheme: dark", page);
        Assert.All(names, name => Assert.Contains($"<th scope=\"row\">{name}</th>", page));
        Assert.Equal(3, Regex.Count(page, "<figcaption>"));

        XElement[] plots = [.. Regex.Matches(page, "<svg.*?</svg>", RegexOptions.Singleline).Select(m => XElement.Parse(m.Value))];
        XElement[] whole = [.. plots.Where(p => p.Attribute("role") is not null)];
        Assert.Equal(5, whole.Length);
        // A clip path of one plot must not be another's.
        Assert.Equal(5, whole.Select(p => p.Element("clipPath")!.Attribute("id")!.Value).Distinct().Count());
        Assert.All(names, name => Assert.All(whole[1..], plot => Assert.Single(plot.Elements("polyline"), l => l.Value == name)));
        Assert.DoesNotContain("NaN", page);
    }

    private static string[] Command(string folder) =>
        ["compare", "--train", "train.jsonl", "--dev", "dev.jsonl", "--test", "test.jsonl", "--out", folder, .. s_small];

    private async Task SimulateAsync(int streams, int events, string kind = "demo")
    {
        foreach ((string name, int seed) in new[] { ("train", 1), ("dev", 2), ("test", 3) })
        {
            await RunAsync("simulate", "--kind", kind, "--streams", $"{streams}", "--events", $"{events}", "--seed", $"{seed}", "--out",
                $"{name}.jsonl");
        }
    }

    private async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)} ended with {result.ExitCode}: {result.Error}");
        return result;
    }
}
