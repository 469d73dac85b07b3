using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>Uploads that stand still, and uploads that nobody waits for.</summary>
public sealed class UploadAttackTests
{
    private static readonly IPAddress s_attacker = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task Uploads_When400StandStill_AreShedAndHoldNoMoreThanTheirShare()
    {
        const int Uploads = 400;
        await using AttackedHost host = await AttackedHost.StartAsync();
        Observation quiet = await host.ObserveQuietAsync();

        byte[] begun = Encoding.ASCII.GetBytes(
            "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n"
            + "[" + new string(' ', 1_250_000));
        List<Socket> sockets = [];
        Observation seen = await host.ObserveAsync(async () =>
        {
            for (int i = 0; i < Uploads; i++)
            {
                Socket socket = await host.ConnectAsync(s_attacker);
                sockets.Add(socket);
                // Whoever is refused while he sends does not wait for the rest.
                _ = socket.SendAsync(begun).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            await Task.WhenAll(sockets.Select(EndedAsync)).WaitAsync(TimeSpan.FromSeconds(60));
        });
        sockets.ForEach(socket => socket.Dispose());

        seen.AssertHonestIsServed(quiet);
        Assert.InRange(seen.PeakBytes - quiet.PeakBytes, long.MinValue, 200L << 20);
    }

    // A host that has used up its heap may answer nothing at all any more.
    [Fact(Timeout = 120_000)]
    public async Task Uploads_WhenTheDiskStandsStillAndNobodyWaitsForThem_HoldNoMoreThanTheirBounds()
    {
        // The bodies' 128 MiB and the queue's 64, and as much again for everything else. Without the bounds it was 1.1 GB.
        await using AttackedHost host = await AttackedHost.StartWithHeapAsync(384L << 20);
        // As JSON 4 MB, in the log's format a little less.
        string body = "[" + string.Join(',', Enumerable.Range(0, 16_000).Select(i =>
            $$"""{"stream":"abandoned","time":{{1_700_000_000 + i}},"mark":"{{new string('m', 200)}}"}""")) + "]";
        var content = Encoding.UTF8.GetBytes(body);

        int sent = 0;
        using (host.HoldLog())
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            stop.CancelAfter(TimeSpan.FromSeconds(8));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
            {
                using HttpClient attacker = host.Client(IPAddress.Parse($"127.0.0.{10 + client}"));
                while (!stop.IsCancellationRequested)
                {
                    using var leave = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
                    var events = new ByteArrayContent(content);
                    events.Headers.ContentType = new("application/json");
                    try
                    {
                        using HttpResponseMessage answer = await attacker.PostAsync("/v1/events", events, leave.Token);
                    }
                    catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
                    {
                        // Gone before there was an answer.
                    }
                    Interlocked.Increment(ref sent);
                }
            }));
        }
        Observation after = await host.ObserveQuietAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{sent} sent");
        Assert.InRange(after.Failed, 0, 1);
    }

    /// <summary>Waits until the host has given an upload up.</summary>
    private static async Task EndedAsync(Socket socket)
    {
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Closed with a reset, because more was sent than the host had read.
        }
    }
}
