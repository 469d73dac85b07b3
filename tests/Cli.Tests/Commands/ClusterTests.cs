using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell cluster where it cannot begin: one sentence each, and nothing started. What it does otherwise is tested with
/// the silo program.</summary>
public sealed class ClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0", "--silos must be a whole number from 1 to 16, got '0'.")]
    [InlineData("17", "--silos must be a whole number from 1 to 16, got '17'.")]
    [InlineData("three", "--silos must be a whole number from 1 to 16, got 'three'.")]
    public async Task Cluster_WhenTheNumberOfSilosIsWrong_SaysWhatIsAllowed(string silos, string expected)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "cluster", "--silos", silos);

        Assert.Equal((2, expected), (result.ExitCode, result.Sentence));
    }

    [Theory]
    [InlineData("--exit ends the run after a file", "--exit")]
    [InlineData("--json prints the result", "--json")]
    [InlineData("--columns describes the file", "--columns", "stream=a,time=b")]
    public async Task Cluster_WhenOptionsDoNotGoTogether_SaysHowTheyWould(string expected, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["cluster", .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(expected, result.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_WhenThereIsNoSiloProgram_SaysWhatToDo()
    {
        ProcessResult beside = await ForetellProcess.RunAsync(_folder.Path, "cluster");
        ProcessResult named = await ForetellProcess.RunAsync(_folder.Path, "cluster", "--silo-program", "nowhere");

        Assert.Equal((1, 1), (beside.ExitCode, named.ExitCode));
        Assert.Contains("foretell-silo is not beside this one", beside.Sentence);
        Assert.Contains("Publish src/Silo into the folder", beside.Sentence);
        Assert.Contains("--silo-program takes the folder", named.Sentence);
    }

    [Fact]
    public async Task Cluster_WhenThereIsNoPostgres_SaysSoInOneSentence()
    {
        ProcessResult result = await StartAsync("--postgres", "nowhere");

        Assert.Equal((1, "The folder nowhere does not hold PostgreSQL's programs initdb and postgres."),
            (result.ExitCode, result.Sentence));
    }

    [Fact]
    public async Task Cluster_WhenTheModelIsMissing_SaysSoInOneSentence()
    {
        ProcessResult result = await StartAsync("--model", "nowhere");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no model file nowhere", result.Sentence);
    }

    [Fact]
    public async Task Cluster_WhenTheFileIsMissing_SaysSoInOneSentence()
    {
        ProcessResult result = await StartAsync("--file", "nowhere");

        Assert.Equal((1, "There is no file nowhere."), (result.ExitCode, result.Sentence));
    }

    /// <summary>With a silo program that is found but never run.</summary>
    private Task<ProcessResult> StartAsync(params string[] arguments)
    {
        File.WriteAllText(_folder.At("foretell-silo.dll"), "");
        return ForetellProcess.RunAsync(_folder.Path, ["cluster", "--silo-program", _folder.Path, .. arguments]);
    }
}
