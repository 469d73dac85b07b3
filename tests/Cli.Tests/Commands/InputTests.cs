using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>What the verbs take as an event file, as processes.</summary>
public sealed class InputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public InputTests() => _model = Workload.Model(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Feed_WhenANewestFirstFileIsSorted_AppliesWhatItsSortedTwinDoes()
    {
        string file = Workload.Events(_folder, streams: 20, events: 3000);
        await File.WriteAllLinesAsync(_folder.At("backwards.ndjson"), File.ReadLines(file).Reverse());

        JsonElement straight = await FeedAsync(file, "straight"), sorted = await FeedAsync("backwards.ndjson", "sorted", "--sort");

        Assert.Equal(0, sorted.GetProperty("deadLetters").GetInt64());
        Assert.Equal(straight.GetProperty("digest").GetString(), sorted.GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Replay_WhenANewestFirstFileIsSorted_LosesNothing()
    {
        string file = Workload.Events(_folder, streams: 20, events: 3000);
        await File.WriteAllLinesAsync(_folder.At("backwards.ndjson"), File.ReadLines(file).Reverse());
        (ForetellProcess host, Uri url) = await ForetellProcess.StartHostAsync(_folder, "--data-dir", "data", "--model", _model);
        await using ForetellProcess running = host;

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            "replay", "--file", "backwards.ndjson", "--url", url.ToString(), "--speed", "max", "--sort");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("3,000 events applied in 20 streams, 0 dead letters", result.Output);
    }

    [Fact]
    public async Task Feed_WhenTheFileComesThroughStandardInput_IsTheFile()
    {
        string file = Workload.Events(_folder, streams: 20, events: 20_000);
        JsonElement named = await FeedAsync(file, "named");

        await using ForetellProcess process = ForetellProcess.StartReading(_folder.Path, file,
            "run", "--data-dir", "piped", "--model", _model, "--file", "-", "--exit", "--json");
        ProcessResult piped = await process.EndAsync();

        Assert.True(piped.ExitCode == 0, piped.Error);
        Assert.Equal(named.GetProperty("digest").GetString(), JsonDocument.Parse(piped.Output).RootElement.GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Run_WhenAPipeGivesNothing_StillEndsByASignal()
    {
        using (Process make = Process.Start("mkfifo", [_folder.At("pipe")]))
        {
            await make.WaitForExitAsync();
        }
        await using ForetellProcess run = ForetellProcess.Start(_folder.Path,
            "run", "--data-dir", "data", "--model", _model, "--urls", "http://127.0.0.1:0", "--plain", "--file", "pipe");
        await run.LineAsync(line => line.StartsWith("data in ", StringComparison.Ordinal));

        Assert.Equal(ExitCode.Interrupted, (await run.InterruptAsync()).ExitCode);
    }

    [Fact]
    public async Task Train_WhenStandardInputIsNamedTwice_SaysItCanBeReadOnce()
    {
        string file = Workload.Events(_folder, streams: 20, events: 200);
        await using ForetellProcess process = ForetellProcess.StartReading(_folder.Path, file, "train", "--train", "-", "--dev", "-", "--out", "m");
        ProcessResult result = await process.EndAsync();

        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.StartsWith("standard input: It can be read once", result.Sentence);
    }

    [Fact]
    public async Task Eval_WhenTheFileNeverEnds_StopsBeforeMemoryDoes()
    {
        // A quarter of a gigabyte for the process: 64 bytes an event, so that two million are half of it.
        string[] lines = [.. Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"stream":"s{{i % 10}}","time":{{i}}}"""))];
        byte[] part = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        string path = _folder.At("long.ndjson");
        await using (FileStream file = File.Create(path))
        {
            for (int i = 0; i < 3000; i++)
            {
                await file.WriteAsync(part);
            }
        }

        ProcessResult result = await ForetellProcess.RunWithAsync(_folder.Path, ("DOTNET_GCHeapHardLimit", "0x10000000"),
            "eval", "--model", _model, "--test", path);

        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("It holds more events than fit in memory: 2,09", result.Sentence);
    }

    [Theory]
    [InlineData("--sort", "--sort describes the file of --file")]
    [InlineData("--time-zone UTC", "--time-zone describes the file of --file")]
    [InlineData("--file x --time-zone Mars/Olympus", "--time-zone must be a zone that this machine knows, such as Europe/Berlin or UTC, got 'Mars/Olympus'")]
    public async Task Run_WhenFileOptionsMakeNoSense_SaysWhy(string options, string expected)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["run", .. options.Split(' ')]);

        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
    }

    [Fact]
    public async Task Eval_WhenAFileHoldsOrdersForTheTerminal_ShowsThem()
    {
        string path = _folder.Write("x.csv", "stream\u001b[2J,when\u202E\na,1\n");
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "eval", "--model", _model, "--test", path);

        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("the columns are stream\\u001b[2J, when\\u202e.", result.Sentence);
        Assert.DoesNotContain('\u001b', result.Error);
    }

    private async Task<JsonElement> FeedAsync(string file, string data, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            ["run", "--data-dir", data, "--model", _model, "--file", file, "--exit", "--json", .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
