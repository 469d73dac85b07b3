using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Cli.Shell;
using Foretell.FakeHub;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>foretell cluster as a process, with its database and its silos.</summary>
public sealed partial class ClusterCommandTests : IDisposable
{
    private const int Kill = 9, Stop = 19, Continue = 18;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ClusterCommandTests()
    {
        _model = Workload.Model(_folder);
        // The database's folder is made here, by the user that the server runs as.
        Directory.CreateDirectory(_folder.At("tmp"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(_folder.At("tmp"), (UnixFileMode)0b111_111_111);
        }
    }

    public void Dispose() => _folder.Dispose();

    [ClusterTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Digest_WhenAFileIsFed_IsThatOfARun(int silos)
    {
        string file = SharedData.Find("taxi/dev.jsonl") ?? Workload.Events(_folder, streams: 60, events: 6000);
        ProcessResult run =
            await ForetellProcess.RunAsync(_folder.Path, "run", "--data-dir", "data", "--model", _model, "--file", file, "--exit",
            "--json");

        await using ForetellProcess process = Start("--silos", $"{silos}", "--file", file, "--exit", "--json");
        ProcessResult cluster = await process.EndAsync();

        Assert.True(cluster.ExitCode == 0, cluster.Error);
        JsonElement expected = JsonDocument.Parse(run.Output).RootElement, found = JsonDocument.Parse(cluster.Output).RootElement;
        foreach (string field in new[] { "events", "streams", "deadLetters", "digest" })
        {
            Assert.Equal(expected.GetProperty(field).ToString(), found.GetProperty(field).ToString());
        }
        Assert.Equal([.. expected.EnumerateObject().Select(p => p.Name), "processes"], found.EnumerateObject().Select(p => p.Name));
        AssertCpu(found, silos);
        Assert.Empty(Left());
    }

    [ClusterFact]
    public async Task Hub_WhenOneIsNamed_IsReadByTheSilosAndItsKeyIsNowhere()
    {
        const int Sent = 2000;
        var hub = new Hub("my__events", partitions: 3);
        for (int i = 0; i < Sent; i++)
        {
            hub.Append(new HubMessage($$"""{"device":"d{{i % 20}}","at":{{1_700_000_000 + i}},"what":"a"}"""), $"d{i % 20}");
        }
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        string connection = _folder.At("connection.txt");
        await File.WriteAllTextAsync(connection, endpoint.ConnectionString + ";EntityPath=my__events\n");

        await using ForetellProcess cluster = Start("--silos", "2", "--event-hub", "@" + connection, "--map", "stream=/device,time=/at,mark=/what");
        await cluster.LineAsync(l => Events(l) == Sent && l.Contains(" 20 streams,", StringComparison.Ordinal));
        string[] commands = [.. Mine().Select(id => File.ReadAllText($"/proc/{id}/cmdline"))];

        ProcessResult result = await cluster.InterruptAsync();
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("reading hub 'my__events' of 127.0.0.1", result.Output);
        Assert.Equal(3, hub.Partitions.Count(p => p.Attachments.Count > 0));
        Assert.DoesNotContain(TokenPolicy.DefaultKey, string.Join('\n', [.. commands, result.Output, result.Error]));
        Assert.Empty(Left());
    }

    [ClusterFact]
    public async Task Demo_WhenASiloIsKilled_GoesOnAndSaysSoAndCtrlCLeavesNothing()
    {
        await using ForetellProcess demo = Start("--silos", "2");
        string live = await demo.LineAsync(l => l.StartsWith("live: ", StringComparison.Ordinal));
        string names = await demo.LineAsync(l => l.StartsWith("silo 1 (pid ", StringComparison.Ordinal));
        Assert.Equal(Silos().Order(), Pid().Matches(names).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Order());
        int killed = Silos().First();

        Assert.Equal(0, Signal(killed, Kill));
        string lost = await demo.LineAsync(SaysLost);
        // The counts of partitions on their way to another silo are missing for a while, so more than before the loss is asked for.
        string after = await demo.LineAsync(l => SaysLost(l) && Events(l) > Math.Max(Events(live), Events(lost)));

        ProcessResult result = await demo.InterruptAsync();
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("live: ", after, StringComparison.Ordinal);
        Assert.Contains("stopping with a last commit", result.Output);
        Assert.Contains($"(pid {killed}) was ended by signal 9.", lost);
        // What silos and libraries had to say of the loss: one line each, the rest in the log.
        Assert.DoesNotContain("   at ", result.Error);
        Assert.Empty(Left());
    }

    [ClusterFact]
    public async Task Demo_WhenASiloStandsStillForAMoment_SaysThatItIsAwayAndThatItIsBack()
    {
        await using ForetellProcess demo = Start("--silos", "2");
        await demo.LineAsync(l => l.StartsWith("live: ", StringComparison.Ordinal));
        int silo = Silos().First();

        Assert.Equal(0, Signal(silo, Stop));
        await demo.LineAsync(l => l.Contains($"(pid {silo}) does not answer.", StringComparison.Ordinal));
        Assert.Equal(0, Signal(silo, Continue));

        // On a busy machine the other silo may have declared it dead meanwhile: then it ends itself.
        await demo.LineAsync(l => l.EndsWith($"(pid {silo}) answers again.", StringComparison.Ordinal)
            || l.Contains($"(pid {silo}) ended with", StringComparison.Ordinal)
            || l.Contains($"(pid {silo}) was ended by", StringComparison.Ordinal));
        Assert.Equal(0, (await demo.InterruptAsync()).ExitCode);
    }

    [ClusterFact]
    public async Task Cluster_WhenItsProcessIsKilled_LeavesNothing()
    {
        await using ForetellProcess cluster = Start("--silos", "2");
        await cluster.ListeningAsync();
        Assert.Equal(2, Silos().Count());

        await cluster.KillAsync();

        using var limit = new CancellationTokenSource(s_limit);
        while (Left().Length > 0)
        {
            await Task.Delay(100, limit.Token);
        }
    }

    [ClusterFact]
    public async Task Cluster_WhenThePortIsInUse_SaysSoInOneSentenceAndLeavesNothing()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        await using ForetellProcess cluster = StartAt(url, "--silos", "2");
        ProcessResult result = await cluster.EndAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(["starting 2 silos over a throw-away PostgreSQL...",
            $"error: silo 1 did not start: Foretell:Urls is '{url}', and another program listens there. Stop it, or give another address (port 0 takes any free one)."],
            result.Error.Trim().Split('\n'));
        Assert.Empty(Left());
    }

    [ClusterFact]
    public async Task Cluster_WhenASiloCannotListen_SaysSoInOneSentenceAndLeavesNothing()
    {
        // An address for documentation: no machine has it.
        await using ForetellProcess cluster = StartAt("http://192.0.2.1:5080", "--silos", "1", "--insecure");
        ProcessResult result = await cluster.EndAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("silo 1 did not start: Foretell:Urls is 'http://192.0.2.1:5080', where this machine cannot listen", result.Error,
            StringComparison.Ordinal);
        Assert.Equal(2, result.Error.Trim().Split('\n').Length);
        Assert.Empty(Left());
    }

    private static bool SaysLost(string line) => line.Contains("was ended by signal 9", StringComparison.Ordinal);

    private static void AssertCpu(JsonElement summary, int silos)
    {
        JsonElement[] processes = [.. summary.GetProperty("processes").EnumerateArray()];
        Assert.Equal(["foretell", .. Enumerable.Range(1, silos).Select(i => $"silo {i}"), "PostgreSQL"],
            processes.Select(p => p.GetProperty("label").GetString()));
        Assert.Equal(["client", .. Enumerable.Repeat("gateway,ingest,worker", silos), "database"],
            processes.Select(p => p.GetProperty("role").GetString()));
        Assert.All(processes, p => Assert.True(p.GetProperty("seconds").GetDouble() >= 0, $"{p}"));
        Assert.True(processes[0].GetProperty("seconds").GetDouble() > 0
            && processes[1..^1].Sum(p => p.GetProperty("seconds").GetDouble()) > 0, $"{summary}");
        Assert.Equal(processes[..^1].Sum(p => p.GetProperty("seconds").GetDouble()), summary.GetProperty("cpuSeconds").GetDouble(), 0.001);
    }

    private ForetellProcess Start(params string[] arguments) => StartAt("http://127.0.0.1:0", arguments);

    private ForetellProcess StartAt(string url, params string[] arguments) =>
        ForetellProcess.StartWith(_folder.Path, ("TMPDIR", _folder.At("tmp")),
        ["cluster", "--urls", url, "--model", _model, .. arguments]);

    /// <summary>Events of a line of the plain view.</summary>
    private static long Events(string line) =>
        line.Split(", ").FirstOrDefault(part => part.EndsWith(" events", StringComparison.Ordinal)) is { } events
        ? long.Parse(events[..^" events".Length].Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) : -1;

    private IEnumerable<int> Silos() => Mine().Where(id => Environ(id).Contains("FORETELL__ROLES=", StringComparison.Ordinal));

    /// <summary>What is left of a cluster beside its log: processes, and files of the database.</summary>
    private string[] Left() =>
    [
        .. Mine().Select(id => $"process {id}"),
        .. Directory.GetFileSystemEntries(_folder.At("tmp"), "foretell-*").Where(path => Path.GetExtension(path) != ".log"),
    ];

    /// <summary>Processes that were started with this test's temporary folder.</summary>
    private IEnumerable<int> Mine() =>
        Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out int id) ? id : 0)
        .Where(id => id > 0 && id != Environment.ProcessId
            && Environ(id).Contains($"TMPDIR={_folder.At("tmp")}", StringComparison.Ordinal));

    private static string Environ(int process)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process}/environ"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked, or is none of ours.
            return "";
        }
    }

    [GeneratedRegex(@"\(pid (\d+)\)")]
    private static partial Regex Pid();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
