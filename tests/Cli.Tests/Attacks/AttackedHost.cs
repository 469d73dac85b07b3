using System.Net;
using System.Net.Sockets;
using System.Text;
using Foretell.Support;
using SQLitePCL;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>What an honest client saw, and what the host's process held, while something went on.</summary>
/// <param name="Median">Of the client's requests.</param>
/// <param name="P99">Of the client's requests; those that failed count as what they took.</param>
/// <param name="Requests">How many the client sent.</param>
/// <param name="Failed">How many were not answered with success.</param>
/// <param name="PeakBytes">Most physical memory of the process.</param>
internal sealed record Observation(TimeSpan Median, TimeSpan P99, int Requests, int Failed, long PeakBytes)
{
    /// <summary>An honest client is served, and at its pace: a p99 of 50 ms is what a quiet machine shows; here is room for one that
    /// is shared. Where even without an attack half of the requests take long, only that they are served can be told.</summary>
    public void AssertHonestIsServed(Observation quiet)
    {
        Assert.Equal(0, Failed);
        if (quiet.Median > TimeSpan.FromMilliseconds(5))
        {
            TestContext.Current.TestOutputHelper?.WriteLine("This machine is too busy to tell how fast the host is.");
            return;
        }
        double limit = Math.Max(250, 6 * quiet.P99.TotalMilliseconds);
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

    public string DataDirectory => _folder.At("data");

    public TimeSpan ProcessorTime => _process.ProcessorTime;

    public static Task<AttackedHost> StartAsync(params string[] arguments) => StartAsync([], arguments);

    /// <summary>Starts a host whose heap may hold so much and no more: what a busy collector leaves lying does not count, and what a
    /// host holds without a bound ends it.</summary>
    public static Task<AttackedHost> StartWithHeapAsync(long bytes) => StartAsync([("DOTNET_GCHeapHardLimit", bytes.ToString("x"))], []);

    private static async Task<AttackedHost> StartAsync((string Name, string Value)[] variables, string[] arguments)
    {
        var folder = new TemporaryFolder();
        ForetellProcess process = ForetellProcess.StartHost(folder, variables, ["--data-dir", "data", .. arguments]);
        var host = new AttackedHost(folder, process, new Uri(await process.ListeningAsync()));
        for (int i = 0; i < 100; i++)
        {
            await host.AskAsync(i);
        }
        return host;
    }

    /// <summary>Keeps the log's file locked until the result is disposed, so that no write comes to an end.</summary>
    public IDisposable HoldLog() => new HeldFile(_folder.At("data/log.db"));

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
            : await _honest.GetAsync("/v1/streams/honest/forecast?expectedCount=false&horizon=30d");
        // Right after the first event its stream may be unknown for a moment.
        return answer.IsSuccessStatusCode || (i < 4 && answer.StatusCode == HttpStatusCode.NotFound);
    }

    /// <summary>A transaction of another program that writes and does not end.</summary>
    private sealed class HeldFile : IDisposable
    {
        private readonly sqlite3 _connection;

        public HeldFile(string path)
        {
            Batteries_V2.Init();
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(path, out _connection));
            raw.sqlite3_busy_timeout(_connection, 10_000);
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(_connection, "BEGIN IMMEDIATE"));
        }

        public void Dispose() => raw.sqlite3_close(_connection);
    }
}
