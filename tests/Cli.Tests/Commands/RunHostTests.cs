using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Cli.Tests.Support;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run as a host: its beginning, its end, and its neighbours.</summary>
public sealed class RunHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Demo_WhenStartedTwiceInARow_ShowsScoresBesideNaiveAndTruth()
    {
        for (int start = 0; start < 2; start++)
        {
            await using ForetellProcess demo = ForetellProcess.Start(_folder.Path, "run", "--urls", "http://127.0.0.1:0");
            string line = await demo.LineAsync(l => l.StartsWith("live: ", StringComparison.Ordinal));
            Assert.Matches(@"streams, .* events/s, lag .*, NLL -?\d+\.\d+ \(naive -?\d+\.\d+, truth -?\d+\.\d+\), most overdue ", line);

            using var client = new HostClient(new Uri(await demo.ListeningAsync()));
            JsonElement overdue = await client.GetAsync("v1/overdue?limit=3");
            Assert.NotEqual(JsonValueKind.Undefined, overdue.ValueKind);

            ProcessResult result = await demo.InterruptAsync();
            Assert.Equal(0, result.ExitCode);
            Assert.Equal("", result.Error);
        }
        Assert.Equal(["demo"], Directory.EnumerateFileSystemEntries(_folder.At("foretell-data")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Demo_WhenItsFolderHoldsSomethingElse_LeavesItAlone()
    {
        Directory.CreateDirectory(_folder.At("demo"));
        File.WriteAllText(_folder.At("demo/thesis.txt"), "precious");

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--data-dir", ".", "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("was not made by it", result.Sentence);
        Assert.Equal("precious", File.ReadAllText(_folder.At("demo/thesis.txt")));
    }

    [Fact]
    public async Task Host_WhenInterrupted_EndsWithSuccessAndKeepsWhatItTook()
    {
        string file = Workload.Events(_folder, streams: 10, events: 500);
        (ForetellProcess host, Uri url) = await StartAsync();
        await using (host)
        {
            await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", file, "--url", url.ToString(), "--speed", "max");
            ProcessResult end = await host.InterruptAsync();
            Assert.Equal(0, end.ExitCode);
            Assert.Contains("stopping with a last commit: 500 events in 10 streams.", end.Output);
        }

        (ForetellProcess again, url) = await StartAsync();
        await using ForetellProcess running = again;
        using var client = new HostClient(url);
        Assert.Equal(500, (await client.GetAsync("v1/status")).GetProperty("eventsApplied").GetInt64());
    }

    [Fact]
    public async Task Host_WhenItsFolderIsInUse_SaysSoAndFails()
    {
        (ForetellProcess host, Uri _) = await StartAsync();
        await using ForetellProcess running = host;

        ProcessResult second = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo", "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("is in use by another process", second.Sentence);
        Assert.DoesNotContain("   at ", second.Error);
    }

    [Fact]
    public async Task Host_WhenItsPortIsInUse_SaysSoInOneSentenceAndFails()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo", "--urls", url);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{url} is in use by another program", result.Sentence);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Host_WhenTheModelChanges_RefusesTheFolder()
    {
        (ForetellProcess host, Uri _) = await StartAsync();
        await using (host)
        {
            await host.InterruptAsync();
        }

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo", "--urls", "http://127.0.0.1:0",
            "--model", Workload.Model(_folder));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("was made with model", result.Sentence);
    }

    /// <summary>What all streams show reaches one that has shown nothing, behind a restart, too.</summary>
    [Fact]
    public async Task Host_WhereStreamsShare_TellsANewStreamWhatTheOthersShowed()
    {
        string[] arguments = ["--shared", "--partitions", "1", "--model", _folder.At("small.safetensors")];
        Small.Model.Save(_folder.At("small.safetensors"));
        // Every stream twenty times as fast as the model says.
        File.WriteAllLines(_folder.At("fast.ndjson"), Enumerable.Range(0, 4000).Select(i =>
            $$"""{"stream":"s{{i % 100}}","time":{{1_700_000_000 + i / 100 * 3 + i % 100}},"mark":"buy"}"""));
        (ForetellProcess host, Uri url) = await ForetellProcess.StartHostAsync(_folder, arguments);
        await using (host)
        {
            await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", _folder.At("fast.ndjson"), "--url", url.ToString(), "--speed", "max");
            Assert.Equal(0, (await host.InterruptAsync()).ExitCode);
        }

        (host, url) = await ForetellProcess.StartHostAsync(_folder, arguments);
        await using (host)
        {
            File.WriteAllText(_folder.At("new.ndjson"), """{"stream":"new","time":1700001000,"mark":"buy"}""");
            await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", _folder.At("new.ndjson"), "--url", url.ToString(), "--speed", "max");
            using var client = new HostClient(url);
            JsonElement adapted = (await client.GetAsync("v1/streams/new")).GetProperty("adapted");
            Assert.Equal(1, adapted.GetProperty("gapFactor").GetDouble());
            Assert.InRange(adapted.GetProperty("sharedGapFactor").GetDouble(), 0.02, 0.6);
        }
    }

    [Fact]
    public async Task Host_WhenNoModelIsNamed_TellsWhichOneItTook()
    {
        await using ForetellProcess host = ForetellProcess.Start(_folder.Path, "run", "--no-demo", "--urls", "http://127.0.0.1:0");

        string line = await host.LineAsync(l => l.StartsWith("data in ", StringComparison.Ordinal));

        Assert.Contains("the small general one that comes with the program", line);
    }

    private Task<(ForetellProcess Host, Uri Url)> StartAsync() => ForetellProcess.StartHostAsync(_folder);
}
