using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>A thousand readers of one busy stream, some of whom do not read.</summary>
public sealed class FeedAttackTests
{
    private const int Readers = 1000, Events = 30;

    [Fact]
    public async Task Feeds_WhenAThousandReadOneBusyStream_EachEventIsMadeOnceAndTheHonestClientKeepsItsPace()
    {
        await using AttackedHost host = await AttackedHost.StartAsync();
        Observation quiet = await host.ObserveQuietAsync();
        using HttpClient sender = host.Client(IPAddress.Parse("127.0.0.3"));
        await SendAsync(0);
        byte[] subscribe = Encoding.ASCII.GetBytes("GET /v1/streams/busy/events?horizon=1d HTTP/1.1\r\nHost: a\r\n\r\n");
        List<Socket> sockets = [];
        long[] heard = new long[Readers];
        for (int i = 0; i < Readers; i++)
        {
            Socket socket = await host.ConnectAsync(IPAddress.Parse("127.0.0.2"));
            sockets.Add(socket);
            await socket.SendAsync(subscribe);
        }
        Task[] readers = [.. sockets.Select((socket, i) => ReadAsync(socket, i))];
        await WaitAsync(1);
        TimeSpan before = host.ProcessorTime;

        Observation seen = await host.ObserveAsync(async () =>
        {
            for (int e = 1; e <= Events; e++)
            {
                await SendAsync(e);
                await Task.Delay(200);
            }
            await WaitAsync(Events + 1);
        });
        TimeSpan cost = host.ProcessorTime - before;
        sockets.ForEach(socket => socket.Dispose());
        await Task.WhenAll(readers);

        TestContext.Current.TestOutputHelper?.WriteLine($"{cost.TotalMilliseconds / Events:0} ms of processor an event, the honest client's requests included");
        seen.AssertHonestIsServed(quiet);

        async Task SendAsync(int e) => (await sender.PostAsync("/v1/events", new StringContent(
            $$"""{"stream":"busy","time":{{1_700_000_000 + e}},"mark":"visit"}""", Encoding.UTF8, "application/json"))).EnsureSuccessStatusCode();

        // Readers who fall behind are told how many they missed, so the last one to be told has heard of the last event.
        async Task WaitAsync(int events)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (heard.Any(h => Volatile.Read(ref h) < events))
            {
                await Task.Delay(20, limit.Token);
            }
        }

        async Task ReadAsync(Socket socket, int reader)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                for (int read; (read = await socket.ReceiveAsync(buffer)) > 0;)
                {
                    // One line of each event says so; where one is torn between two reads the next one counts.
                    int at = buffer.AsSpan(0, read).LastIndexOf("\nid: "u8);
                    if (at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(buffer.AsSpan(at + 5, read - at - 5), out long id, out _))
                    {
                        heard[reader] = Math.Max(heard[reader], id);
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The attack is over.
            }
        }
    }
}
