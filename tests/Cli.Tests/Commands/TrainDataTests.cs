using System.Globalization;
using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>What train accepts, what it says of it, and how it splits one file; as processes.</summary>
public sealed class TrainDataTests : IDisposable
{
    private static readonly string[] s_small = ["--width", "16", "--layers", "1", "--heads", "2", "--epochs", "1"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_WhenGivenOneFileOfManyStreams_SplitsItByStreamEachTimeAlike()
    {
        Workload.Events(_folder, streams: 60, events: 3000);

        JsonElement first = Json(await TrainAsync("--data", "events.ndjson", "--json"));
        JsonElement again = Json(await TrainAsync("--data", "events.ndjson", "--json"));
        ProcessResult plain = await TrainAsync("--data", "events.ndjson");

        Assert.Equal("stream", first.GetProperty("split").GetProperty("by").GetString());
        Assert.Equal((48, 12), (Sequences(first, "train"), Sequences(first, "dev")));
        Assert.Equal(3000, Events(first, "train") + Events(first, "dev"));
        Assert.Equal(first.GetProperty("model").GetString(), again.GetProperty("model").GetString());
        Assert.Empty(first.GetProperty("remarks").EnumerateArray());
        Assert.Matches(@"Split by stream: 48 sequences, [\d,]+ events to learn from \(train\), 12 sequences, [\d,]+ events to stop by \(dev\)", plain.Output);
        Assert.Contains(first.GetProperty("model").GetString()!, plain.Output);
    }

    [Fact]
    public async Task Train_WhenGivenOneFileOfFewStreams_SplitsItByTimeInTheUnitOfItsGaps()
    {
        File.WriteAllLines(_folder.At("visits.csv"), ["stream,time,mark", .. Enumerable.Range(0, 300)
            .Select(i => $"s{i % 3},2026-01-{1 + i / 24:00}T{i % 24:00}:{7 * i % 60:00}:00Z,{(i % 2 == 0 ? "view" : "cart")}")]);

        ProcessResult plain = await TrainAsync("--data", "visits.csv");
        JsonElement report = Json(await TrainAsync("--data", "visits.csv", "--json"));
        JsonElement named = Json(await TrainAsync("--data", "visits.csv", "--json", "--time-unit", "minutes"));

        Assert.Contains("Split by time, ", plain.Output);
        Assert.Contains("The time unit is hours, by the usual gap; --time-unit names another.", plain.Output);
        Assert.Equal(("time", 3600, 240), (report.GetProperty("split").GetProperty("by").GetString(),
            report.GetProperty("timeUnitSeconds").GetDouble(), Events(report, "train")));
        // 60 events behind the cut, and each stream's last before it as context.
        Assert.Equal(63, Events(report, "dev"));
        Assert.Equal((60, 60 * report.GetProperty("split").GetProperty("cut").GetDouble()),
            (named.GetProperty("timeUnitSeconds").GetDouble(), named.GetProperty("split").GetProperty("cut").GetDouble()));
    }

    [Fact]
    public async Task Train_WhenASequenceFileIsSplit_KeepsTheUnitOfItsNumbers()
    {
        File.WriteAllLines(_folder.At("s.jsonl"), Sequences(60, 5, gap: 7200));

        ProcessResult plain = await TrainAsync("--data", "s.jsonl");
        JsonElement report = Json(await TrainAsync("--data", "s.jsonl", "--json"));

        Assert.Equal(1, report.GetProperty("timeUnitSeconds").GetDouble());
        Assert.Contains("The time unit is seconds; --time-unit names what a sequence file's numbers are in.", plain.Output);
        Assert.Contains("remark: A usual gap is 7,200 time units of 1 s, that is 2 h: is --time-unit hours meant?", plain.Error);
    }

    [Fact]
    public async Task Train_WhenTheDataIsBeyondAModelsLimits_WritesNothing()
    {
        File.WriteAllLines(_folder.At("tiny.jsonl"), ["""{"id":"a","t":[0,5e-324,14,21]}""", .. Sequences(5, 5)]);

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["train", "--train", "tiny.jsonl", "--dev", "tiny.jsonl", "--out", "m.safetensors", .. s_small]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Event 1 (from 0) of stream 'a' of the train set has a gap of 5E-324 time units", result.Error);
        Assert.False(File.Exists(_folder.At("m.safetensors")));
    }

    [Fact]
    public async Task Train_WhenThereAreMoreMarksThanAModelHolds_FoldsTheRareOnesAndSaysHowMany()
    {
        File.WriteAllLines(_folder.At("many.jsonl"), Sequences(50, 100, mark: i => $"product-{i}"));
        File.WriteAllLines(_folder.At("test.jsonl"), Sequences(5, 10, mark: i => $"unseen-{i}"));

        ProcessResult plain = await TrainAsync("--data", "many.jsonl");
        JsonElement report = Json(await TrainAsync("--data", "many.jsonl", "--json", "--max-marks", "10"));
        ProcessResult scored = await ForetellProcess.RunAsync(_folder.Path, "eval", "--model", "m.safetensors", "--test", "test.jsonl", "--json");
        string remark = "50 of 50 events have a mark that the model does not know ('unseen-0', 'unseen-1', 'unseen-2', ...). They count as its mark 'other'.";

        Assert.Matches(@"marks +256, the last of them 'other': 3,745 rare marks with 93.6 % of the events \(--max-marks\)", plain.Output);
        Assert.Equal((10, 3991), (report.GetProperty("marks").GetInt32(), report.GetProperty("foldedMarks").GetProperty("marks").GetInt32()));
        Assert.Equal(remark, Assert.Single(Json(scored).GetProperty("remarks").EnumerateArray()).GetString());
        Assert.InRange(Json(scored).GetProperty("nllMark").GetDouble(), 0, 3);
        Assert.Equal(50, Json(scored).GetProperty("unknownMarks").GetInt64());
    }

    [Theory]
    [InlineData("Train and dev are the same data", "usual", "usual")]
    [InlineData("Train and dev have no mark in common (dev has 'x-0', 'x-1'): are their columns the same?", "usual", "foreign")]
    [InlineData("10 of 20 events of dev have a mark that train never has ('x-1').", "usual", "mixed")]
    [InlineData("66.7 % of the gaps of dev are 0", "usual", "ties")]
    [InlineData("The median gap of dev is 66.7 min, and that of training 40 s: are the times of both in the same unit?", "usual", "longer")]
    [InlineData("A usual gap is 3E-05 time units of 1 s, that is 30 µs: are the file's times in another unit?", "shorter", "shorter")]
    [InlineData("5 of the 5 streams of dev are in train, too", "longer usual", "usual")]
    [InlineData("20 of the 40 events of train have no mark: they count as events with an unknown mark.", "usual unmarked", "usual")]
    public async Task Train_WhenTheDataIsStrange_SaysSoInASentence(string expected, string train, string dev)
    {
        string[] Lines(string kinds) => [.. kinds.Split(' ').SelectMany(kind => kind switch
        {
            "usual" => Sequences(5, 4, gap: 40, mark: i => $"m-{i % 2}"),
            "foreign" => Sequences(5, 4, gap: 41, mark: i => $"x-{i % 2}"),
            "mixed" => Sequences(5, 4, gap: 41, mark: i => i % 2 == 0 ? "m-0" : "x-1"),
            "ties" => Sequences(5, 4, gap: 41, mark: i => $"m-{i % 2}").Select(l => l.Replace("41,82,", "0,0,", StringComparison.Ordinal)),
            "longer" => Sequences(5, 4, gap: 4000, mark: i => $"m-{i % 2}"),
            "unmarked" => Sequences(5, 4, gap: 42, mark: _ => ""),
            _ => Sequences(5, 4, gap: 3e-5, mark: i => $"m-{i % 2}"),
        })];
        File.WriteAllLines(_folder.At("train.jsonl"), Lines(train));
        File.WriteAllLines(_folder.At("dev.jsonl"), Lines(dev));

        ProcessResult plain = await TrainAsync("--train", "train.jsonl", "--dev", "dev.jsonl");
        ProcessResult result = await TrainAsync("--train", "train.jsonl", "--dev", "dev.jsonl", "--json");

        Assert.Contains($"remark: {expected}", plain.Error);
        Assert.Contains(Json(result).GetProperty("remarks").EnumerateArray(), r => r.GetString()!.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EvalAndRun_WhenMarksAreUnknown_CountThemAndShowSome()
    {
        File.WriteAllLines(_folder.At("train.jsonl"), Sequences(20, 10, mark: i => $"m-{i % 2}"));
        File.WriteAllLines(_folder.At("test.ndjson"), Enumerable.Range(0, 30).Select(i => $$"""{"stream":"s{{i % 3}}","time":{{1_700_000_000 + 10 * i}},"mark":"{{(i < 27 ? "m-0" : "\\u001b[31mm-0 ")}}"}"""));
        await TrainAsync("--data", "train.jsonl");
        string[] expected = ["\u001b[31mm-0 "];

        ProcessResult scored = await ForetellProcess.RunAsync(_folder.Path, "eval", "--model", "m.safetensors", "--test", "test.ndjson", "--json");
        ProcessResult fed = await ForetellProcess.RunAsync(_folder.Path, "run", "--model", "m.safetensors", "--file", "test.ndjson", "--exit", "--json");
        ProcessResult scores = await ForetellProcess.RunAsync(_folder.Path, "eval", "--model", "m.safetensors", "--test", "test.ndjson");
        ProcessResult table = await ForetellProcess.RunAsync(_folder.Path, "run", "--model", "m.safetensors", "--file", "test.ndjson", "--exit");

        foreach (ProcessResult result in new[] { scored, fed })
        {
            Assert.Equal(0, result.ExitCode);
            Assert.Equal(3, Json(result).GetProperty("unknownMarks").GetInt64());
            Assert.Equal(expected, Json(result).GetProperty("unknownMarkExamples").EnumerateArray().Select(e => e.GetString()!));
        }
        // No control character of a file reaches the terminal.
        Assert.All(new[] { scores, table }, result => Assert.Contains(
            "remark: 3 of 30 events have a mark that the model does not know ('\uFFFD[31mm-0 '). Each scores a probability of one in a million", result.Error));
        Assert.Matches(@"unknown marks +3\b", table.Output);
    }

    [Fact]
    public async Task Replay_WhenMarksAreUnknownToTheHost_CountsThemAndShowsSome()
    {
        File.WriteAllLines(_folder.At("events.ndjson"), ["""{"stream":"a","time":1700000000,"mark":"view"}""",
            """{"stream":"a","time":1700000010,"mark":"refund"}""", """{"stream":"a","time":1700000020}"""]);
        (ForetellProcess host, Uri url) = await ForetellProcess.StartHostAsync(_folder, "--model", Workload.Model(_folder));
        await using ForetellProcess running = host;

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", "events.ndjson", "--url", url.ToString(), "--speed", "max");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("remark: 2 of 3 events have a mark that the model does not know ('refund', none at all). Each scores a probability of one in a million; train the model on data that has them.\n", result.Error);
    }

    private static IEnumerable<string> Sequences(int streams, int events, double gap = 20, Func<int, string>? mark = null) =>
        Enumerable.Range(0, streams).Select(s => $$"""{"id":"s{{s}}","t":[{{List(Enumerable.Range(0, events).Select(i => (gap * i).ToString("R", CultureInfo.InvariantCulture)))}}]"""
            + (mark is null ? "}" : $$""","k":[{{List(Enumerable.Range(0, events).Select(i => $"\"{mark(s * events + i)}\""))}}]}"""));

    private static string List(IEnumerable<string> items) => string.Join(',', items);

    private static JsonElement Json(ProcessResult result) => JsonDocument.Parse(result.Output).RootElement;

    private static int Sequences(JsonElement report, string set) => report.GetProperty(set).GetProperty("sequences").GetInt32();

    private static long Events(JsonElement report, string set) => report.GetProperty(set).GetProperty("events").GetInt64();

    private async Task<ProcessResult> TrainAsync(params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["train", "--out", "m.safetensors", .. s_small, .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
