using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Foretell.Support;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>What an honest client saw, and what the host's process held, while something went on.</summary>
/// <param name="Median">Of the client's requests.</param>
/// <param name="P99">Of the client's requests; those that failed count as what they took.</param>
/// <param name="Requests">How many the client sent.</param>
/// <param name="Failed">How many were not answered with success.</param>
/// <param name="PeakBytes">Most physical memory of the process.</param>
internal sealed record Observation(TimeSpan Median, TimeSpan P99, int Requests, int Failed, long PeakBytes)
{
    /// <summary>50 ms on a quiet machine; on a busy one, some times what the client sees there without an attack.</summary>
    public void AssertHonestIsServed(Observation quiet)
    {
        Assert.Equal(0, Failed);
        double limit = Math.Max(50, 6 * quiet.P99.TotalMilliseconds);
        Assert.True(P99.TotalMilliseconds < limit, $"p99 {P99.TotalMilliseconds:0} ms, quiet {quiet.P99.TotalMilliseconds:0} ms: {this}");
    }
}

/// <summary>foretell run in a process of its own, an honest client that asks all the time, and connections for attackers.</summary>
internal sealed class AttackedHost : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ForetellProcess _process;
    private readonly HttpClient _honest;

    private AttackedHost(TemporaryFolder folder, ForetellProcess process, Uri url)
    {
        (_folder, _process, Url) = (folder, process, url);
        _honest = Client(IPAddress.Loopback);
    }

    public Uri Url { get; }

    public string LogPath => _folder.At("data/log.db");

    public long MemoryBytes => _process.MemoryBytes;

    public static async Task<AttackedHost> StartAsync(params string[] arguments)
    {
        var folder = new TemporaryFolder();
        (ForetellProcess process, Uri url) = await ForetellProcess.StartHostAsync(folder, ["--data-dir", "data", .. arguments]);
        var host = new AttackedHost(folder, process, url);
        for (int i = 0; i < 100; i++)
        {
            await host.AskAsync(i);
        }
        return host;
    }

    /// <summary>A client with an address of its own, as far as the host can tell.</summary>
    public HttpClient Client(IPAddress from) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) => new NetworkStream(await ConnectAsync(from, cancellation), ownsSocket: true),
    })
    {
        BaseAddress = Url,
    };

    /// <summary>A connection of a client with an address of its own.</summary>
    public async Task<Socket> ConnectAsync(IPAddress from, CancellationToken cancellation = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(IPAddress.Parse(Url.Host), Url.Port, cancellation);
        return socket;
    }

    /// <summary>Observes an honest client, a hundred requests a second at most, while something goes on.</summary>
    public async Task<Observation> ObserveAsync(Func<Task> attack)
    {
        _process.ForgetPeak();
        Task attacking = attack();
        var took = new List<TimeSpan>();
        int failed = 0;
        for (int i = 0; !attacking.IsCompleted || took.Count < 100; i++)
        {
            long began = TimeProvider.System.GetTimestamp();
            failed += await AskAsync(i) ? 0 : 1;
            took.Add(TimeProvider.System.GetElapsedTime(began));
            await Task.Delay(10);
        }
        await attacking;
        took.Sort();
        var seen = new Observation(took[took.Count / 2], took[(int)(took.Count * 0.99)], took.Count, failed, _process.PeakMemoryBytes);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"median {seen.Median.TotalMilliseconds:0.0} ms, p99 {seen.P99.TotalMilliseconds:0.0} ms, {seen.Requests} requests, {seen.Failed} failed, peak {seen.PeakBytes >> 20} MiB");
        return seen;
    }

    /// <summary>The same without an attack.</summary>
    public Task<Observation> ObserveQuietAsync() => ObserveAsync(() => Task.CompletedTask);

    public async ValueTask DisposeAsync()
    {
        _honest.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<bool> AskAsync(int i)
    {
        using HttpResponseMessage answer = i % 2 == 0
            ? await _honest.PostAsync("/v1/events", new StringContent(
                $$"""{"stream":"honest","time":{{1_700_000_000 + i}},"mark":"visit"}""", Encoding.UTF8, "application/json"))
            : await _honest.GetAsync("/v1/streams/honest/forecast?expectedCount=false");
        // Right after the first event its stream may be unknown for a moment.
        return answer.IsSuccessStatusCode || (i < 4 && answer.StatusCode == HttpStatusCode.NotFound);
    }
}
