using System.Globalization;
using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell compare --task series, as a process.</summary>
public sealed class CompareSeriesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_OfSeries_PrintsATableAndWritesAPageWithTheErrorOverTheHorizon()
    {
        WriteSeries("train.jsonl", 0, 400);
        WriteSeries("test.jsonl", 400, 60);

        ProcessResult shown = await CompareAsync("--mixers", "aaren,softmax", "--seeds", "2");
        ProcessResult json = await CompareAsync("--mixers", "aaren", "--seeds", "1", "--json");

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        Assert.Matches(@"form +MSE +MAE +pinball +in 10-90 % +bytes", shown.Output);
        Assert.Matches(@"aaren +0\.\d{4} ± 0\.\d{4} +0\.\d{4} ± 0\.\d{4} +0\.\d{4} ± 0\.\d{4} +\d+\.\d % ± \d+\.\d +336 ", shown.Output);
        Assert.Matches(@"seasonal naive +\d\.\d{4} ", shown.Output);
        Assert.Contains("training 4 of 4 (softmax, seed 2)", shown.Output);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal((1, 58, 3), (report.GetProperty("series").GetInt32(), report.GetProperty("origins").GetInt32(), report.GetProperty("horizon").GetInt32()));
        Assert.True(report.GetProperty("isComplete").GetBoolean());
        JsonElement row = report.GetProperty("rows")[0];
        Assert.Equal(3, row.GetProperty("mseBySteps").GetArrayLength());
        Assert.InRange(row.GetProperty("mse").GetProperty("mean").GetDouble(), 0, 0.2);
        string page = File.ReadAllText(_folder.At("out/report.html"));
        Assert.Contains("The error over the horizon", page);
        Assert.Contains("<polyline", page);
        Assert.DoesNotContain("Not finished", page);
    }

    [Theory]
    [InlineData("--horizon is needed.", "--task", "series", "--train", "a", "--test", "a", "--out", "b")]
    [InlineData("--dev has no meaning with --task series. Leave it out.", "--task", "series", "--train", "a", "--test", "a", "--out", "b", "--horizon", "3", "--dev", "a")]
    [InlineData("--horizon has no meaning with --task labels. Leave it out.", "--task", "labels", "--train", "a", "--out", "b", "--horizon", "3")]
    [InlineData("--horizon must be a whole number from 1 to 4096, got '0'.", "--task", "series", "--train", "a", "--test", "a", "--out", "b", "--horizon", "0")]
    [InlineData("--seasons must be whole numbers of readings from 2 to 4096, separated by commas, got 'day'.", "--task", "series", "--train", "a", "--test", "a", "--out", "b", "--horizon", "3", "--seasons", "24,day")]
    [InlineData("A season of 168 readings does not fit the window of 96. Leave it out, or name a longer --window.", "--task", "series", "--train", "a", "--test", "a", "--out", "b", "--horizon", "3", "--window", "96", "--seasons", "24,168")]
    public async Task Compare_WhenTheCommandIsWrong_SaysHow(string sentence, params string[] arguments)
    {
        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["compare", .. arguments]);

        Assert.Equal((2, sentence), (refused.ExitCode, refused.Sentence));
    }

    [Fact]
    public async Task Compare_OfAStreamThatIsNotRegular_SaysWhere()
    {
        WriteSeries("train.jsonl", 0, 400);
        File.WriteAllText(_folder.At("test.jsonl"), """{"id":"first","t":[0,1,3],"v":{"level":[1,2,3]}}""");

        ProcessResult refused = await CompareAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("Stream 'first' of test is not regular: reading 2 comes 2 time units after the one before, and the first step is 1.", refused.Sentence);
    }

    private void WriteSeries(string name, int start, int readings)
    {
        IEnumerable<int> steps = Enumerable.Range(start, readings);
        // A wave with a ripple that no window of two waves repeats.
        string values = string.Join(',', steps.Select(t =>
            (Math.Sin(t * Math.PI / 6) + 0.2 * Math.Sin(0.7 * t * t)).ToString("R", CultureInfo.InvariantCulture)));
        File.WriteAllText(_folder.At(name), $$$"""{"id":"s","t":[{{{string.Join(',', steps)}}}],"v":{"level":[{{{values}}}]}}""");
    }

    private Task<ProcessResult> CompareAsync(params string[] arguments) => ForetellProcess.RunAsync(_folder.Path,
        ["compare", "--task", "series", "--train", "train.jsonl", "--test", "test.jsonl", "--out", "out", "--horizon", "3", "--window", "48", "--seasons", "12",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "3", .. arguments]);
}
