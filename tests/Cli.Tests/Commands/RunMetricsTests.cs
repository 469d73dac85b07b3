using System.Net;
using System.Net.Sockets;
using Foretell.Cli.Shell;
using Foretell.Cli.Tests.Support;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --metrics-urls: metrics on a port of their own, and what is said of a bad one.</summary>
public sealed class RunMetricsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Host_WhenMetricsAreAskedFor_ServesThemApartFromTheApi()
    {
        await using ForetellProcess host = ForetellProcess.Start(_folder.Path, "run", "--no-demo", "--urls", "http://127.0.0.1:0",
            "--metrics-urls", "http://127.0.0.1:0");
        var api = new Uri(await host.ListeningAsync());
        string line = await host.LineAsync(l => l.StartsWith("metrics for Prometheus at ", StringComparison.Ordinal));
        var metrics = new Uri(line.Split(' ')[^1]);
        Assert.Equal("/metrics", metrics.AbsolutePath);
        await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", Workload.Events(_folder, streams: 10, events: 500), "--url",
            api.ToString(), "--speed", "max");
        using var client = new HostClient(api);
        await client.StatusAsync(status => status.GetProperty("eventsApplied").GetInt64() == 500);

        string told = await UntilAsync(metrics, text => text.Contains("foretell_disk_free_bytes", StringComparison.Ordinal)
            && text.Contains("foretell_pit_ks{", StringComparison.Ordinal));

        Assert.Matches(@"(?m)^foretell_streams(\{\})? 10$", told);
        Assert.Matches(@"(?m)^foretell_events_accepted_total(\{\})? 500$", told);
        Assert.Matches(@"(?m)^foretell_ready(\{\})? 1$", told);
        Assert.Matches(@"(?m)^foretell_storage_size_bytes(\{\})? [1-9]\d+$", told);
        Assert.Matches(@"(?m)^foretell_disk_size_bytes(\{\})? [1-9]\d+$", told);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(new Uri(api, "/metrics")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(new Uri(metrics, "/v1/status")));
        ProcessResult end = await host.InterruptAsync();
        Assert.Equal((0, ""), (end.ExitCode, end.Error));
    }

    [Fact]
    public async Task Host_WhenAnotherProgramListensThere_SaysSoAndBeginsNothing()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        ProcessResult result = await RunAsync("--metrics-urls", url);

        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Equal($"--metrics-urls is '{url}', and another program listens there. Stop it, or give another address (port 0 takes any free one).",
            result.Sentence);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(_folder.At("foretell-data")));
    }

    [Theory]
    [InlineData("--metrics-urls must be an address such as http://127.0.0.1:5080, got '9464'.", "--metrics-urls", "9464")]
    [InlineData("--metrics-urls takes http addresses, got 'https://127.0.0.1:9464'; for https put a proxy in front.",
        "--metrics-urls", "https://127.0.0.1:9464")]
    [InlineData("--metrics-urls is 'http://127.0.0.1:5999', and --urls is 'http://localhost:5999' already: give metrics a port of their own, such as 9464.",
        "--metrics-urls", "http://127.0.0.1:5999", "--urls", "http://localhost:5999")]
    [InlineData("--exit ends the run after a file, and metrics are of a host that goes on: leave --exit or --metrics-urls out.",
        "--metrics-urls", "http://127.0.0.1:9464", "--file", "-", "--exit")]
    public async Task Run_WhenTheAddressCannotBe_SaysWhatWould(string sentence, params string[] arguments)
    {
        ProcessResult result = await RunAsync(arguments);

        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.StartsWith(sentence, result.Sentence, StringComparison.Ordinal);
    }

    private Task<ProcessResult> RunAsync(params string[] arguments) =>
        ForetellProcess.RunAsync(_folder.Path, ["run", "--no-demo", .. arguments]);

    private async Task<HttpStatusCode> StatusAsync(Uri address)
    {
        using HttpResponseMessage answer = await _http.GetAsync(address);
        return answer.StatusCode;
    }

    /// <summary>Scrapes until the metrics say what is wanted; an answer stays the same for a moment.</summary>
    private async Task<string> UntilAsync(Uri metrics, Func<string, bool> wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            string text = await _http.GetStringAsync(metrics);
            if (wanted(text))
            {
                return text;
            }
            Assert.False(limit.IsCancellationRequested, text);
            await Task.Delay(100);
        }
    }
}
