using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell compare --task actions, as a process.</summary>
public sealed class CompareActionsTests : IDisposable
{
    private const string NoFile = "has no meaning with --task actions, which plays tasks of its own and reads no file. Leave it out.";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_OfActions_PrintsATableForEachTaskAndWritesAPageWithPlots()
    {
        ProcessResult shown = await CompareAsync("--mixers", "aaren", "--seeds", "2");
        ProcessResult json = await CompareAsync("--mixers", "aaren", "--seeds", "1", "--json");

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        Assert.Contains("training 18 of 18 (aaren, mountain car, good, seed 2)", shown.Output);
        foreach (string task in (string[])["cart-pole", "pendulum", "mountain car"])
        {
            Assert.Matches($@"{task} +poor +medium +good +bytes +trained, s +played, s", shown.Output);
        }
        Assert.Matches(@"aaren +-?\d+\.\d ± \d+\.\d +-?\d+\.\d ± \d+\.\d +-?\d+\.\d ± \d+\.\d +144 +\d+\.\d +\d+\.\d", shown.Output);
        Assert.Matches(@"skilled controller +100\.0 +100\.0 +100\.0 +- +- +-", shown.Output);
        Assert.Contains("Toy scale. Mean return of 48 played episodes", shown.Output);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal("actions", report.GetProperty("task").GetString());
        Assert.Equal([20, 48, 100], new[] { "episodes", "played", "horizon" }.Select(name => report.GetProperty(name).GetInt32()));
        Assert.True(report.GetProperty("isComplete").GetBoolean());
        JsonElement row = report.GetProperty("rows")[0];
        Assert.Equal(("aaren", 9), (row.GetProperty("name").GetString(), row.GetProperty("cells").GetArrayLength()));
        JsonElement cell = row.GetProperty("cells")[0];
        Assert.Equal(cell.GetProperty("perSeed")[0].GetDouble(), cell.GetProperty("score").GetProperty("mean").GetDouble());
        string page = File.ReadAllText(_folder.At("out/report.html"));
        Assert.Contains("Comparison of actions, toy scale", page);
        Assert.Contains("Mountain car: what is learned from which log", page);
        Assert.Contains("<polyline", page);
        Assert.DoesNotContain("Not finished", page);
    }

    [Theory]
    [InlineData("--train " + NoFile, "--out", "b", "--train", "a")]
    [InlineData("--dev " + NoFile, "--out", "b", "--dev", "a")]
    [InlineData("--test " + NoFile, "--out", "b", "--test", "a")]
    [InlineData("--time-unit " + NoFile, "--out", "b", "--time-unit", "hours")]
    [InlineData("--horizon has no meaning with --task actions. Leave it out.", "--out", "b", "--horizon", "3")]
    [InlineData("--censored has no meaning with --task actions. Leave it out.", "--out", "b", "--censored")]
    [InlineData("--out is needed.", "--seeds", "2")]
    [InlineData("--episodes must be a whole number from 10 to 100000, got '9'.", "--out", "b", "--episodes", "9")]
    public async Task Compare_WhenTheCommandIsWrong_SaysHow(string sentence, params string[] arguments)
    {
        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["compare", "--task", "actions", .. arguments]);

        Assert.Equal((2, sentence), (refused.ExitCode, refused.Sentence));
    }

    [Fact]
    public async Task Compare_OfLabelsWithEpisodes_SaysThatTheyHaveNoMeaning()
    {
        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["compare", "--task", "labels", "--train", "a", "--out", "b", "--episodes", "20"]);

        Assert.Equal((2, "--episodes has no meaning with --task labels. Leave it out."), (refused.ExitCode, refused.Sentence));
    }

    private Task<ProcessResult> CompareAsync(params string[] arguments) => ForetellProcess.RunAsync(_folder.Path,
        ["compare", "--task", "actions", "--out", "out", "--episodes", "20", "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2", .. arguments]);
}
