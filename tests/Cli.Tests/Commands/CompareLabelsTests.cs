using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell compare --task labels, as a process.</summary>
public sealed class CompareLabelsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_OfLabels_PrintsATableAndWritesAPageWithTheCurve()
    {
        File.WriteAllLines(_folder.At("streams.jsonl"), Enumerable.Range(0, 24).Select(i => FormattableString.Invariant(
            $$$"""{"id":"{{{i}}}","t":[0,1,2,3,4,5],"v":{"level":[{{{string.Join(',', Enumerable.Range(0, 6).Select(t => i % 2 == 0 ? t : -t))}}}]},"label":"{{{(i % 2 == 0 ? "up" : "down")}}}","fold":{{{i % 3}}}}""")));

        ProcessResult shown = await CompareAsync("--mixers", "aaren,softmax", "--seeds", "2");
        ProcessResult json = await CompareAsync("--mixers", "aaren", "--seeds", "1", "--json");

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        Assert.Matches(@"form +after 1 +after 2 +after 5 +after all +log loss +bytes", shown.Output);
        Assert.Matches(@"aaren .*100\.0 % ± 0\.0 +0\.\d{3} ± 0\.\d{3} +\d", shown.Output);
        Assert.Matches(@"frequencies +50\.0 % ", shown.Output);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal((24, 3), (report.GetProperty("streams").GetInt32(), report.GetProperty("folds").GetInt32()));
        Assert.True(report.GetProperty("isComplete").GetBoolean());
        Assert.Equal(1, report.GetProperty("rows")[0].GetProperty("scores").EnumerateArray().Last().GetProperty("accuracy").GetProperty("mean").GetDouble());
        string page = File.ReadAllText(_folder.At("out/report.html"));
        Assert.Contains("How early the kind is told", page);
        Assert.Contains("<polyline", page);
        Assert.DoesNotContain("Not finished", page);
    }

    [Fact]
    public async Task Compare_OfLabels_TakesValuesAndLabelsFromAnEventFile()
    {
        File.WriteAllLines(_folder.At("train.csv"), Enumerable.Range(0, 24).SelectMany(i => Enumerable.Range(0, 6)
            .Select(t => FormattableString.Invariant($"{i},{t},{(i % 2 == 0 ? t : -t)},")).Append($"{i},6,,{(i % 2 == 0 ? "up" : "down")}"))
            .Prepend("stream,time,level,became"));
        string[] arguments = ["--columns", "values=level,label=became", "--mixers", "aaren", "--seeds", "1", "--json"];

        ProcessResult json = await ForetellProcess.RunAsync(_folder.Path, ["compare", "--task", "labels", "--train", "train.csv", "--test", "train.csv",
            "--out", "out", "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "20", .. arguments]);

        Assert.True(json.ExitCode == 0, json.Error);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal(1, report.GetProperty("rows")[0].GetProperty("scores").EnumerateArray().Last().GetProperty("accuracy").GetProperty("mean").GetDouble());
    }

    [Theory]
    [InlineData("--task must be events, labels, activities, series or actions, got 'words'.", "--task", "words")]
    [InlineData("--train is needed.", "--task", "labels", "--out", "b")]
    [InlineData("--dev has no meaning with --task labels. Leave it out.", "--task", "labels", "--train", "a", "--dev", "a", "--out", "b")]
    public async Task Compare_WhenTheCommandIsWrong_SaysHow(string sentence, params string[] arguments)
    {
        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["compare", .. arguments]);

        Assert.Equal((2, sentence), (refused.ExitCode, refused.Sentence));
    }

    [Fact]
    public async Task Compare_OfStreamsWithoutLabels_SaysWhichStream()
    {
        File.WriteAllText(_folder.At("streams.jsonl"), """{"id":"first","t":[0,1]}""");

        ProcessResult refused = await CompareAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("Stream 'first' of train has no \"label\". Give each stream one, or leave it out.", refused.Sentence);
    }

    private Task<ProcessResult> CompareAsync(params string[] arguments) => ForetellProcess.RunAsync(_folder.Path,
        ["compare", "--task", "labels", "--train", "streams.jsonl", "--out", "out", "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "20", .. arguments]);
}
