using System.Net;
using System.Net.Sockets;

namespace Foretell.Support;

/// <summary>Carries connections on to a server that listens on loopback only: from a network that cannot reach it there, or no
/// further than a test wants.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly long _most;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private long _sent;

    /// <param name="address">Address to listen at.</param>
    /// <param name="target">Port of the server.</param>
    /// <param name="most">Bytes that the server gets, at most; what is sent beyond them waits for ever.</param>
    public TcpRelay(IPAddress address, int target, long most = long.MaxValue)
    {
        (_listener, _target, _most) = (new TcpListener(address, 0), target, most);
        _listener.Start();
        _loop = AcceptAsync();
    }

    /// <summary>Port to connect to.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token), _stop.Token);
        }
    }

    private async Task CarryAsync(TcpClient from, CancellationToken stop)
    {
        using (from)
        using (var to = new TcpClient { NoDelay = true })
        {
            from.NoDelay = true;
            await to.ConnectAsync(IPAddress.Loopback, _target, stop);
            // Either side's end is the end of both.
            Task first =
                await Task.WhenAny(SendAsync(from.GetStream(), to.GetStream(), stop), to.GetStream().CopyToAsync(from.GetStream(), stop));
            await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(NetworkStream from, NetworkStream to, CancellationToken stop)
    {
        byte[] buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, stop) is > 0 and var read)
        {
            if (Interlocked.Add(ref _sent, read) > _most)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            await to.WriteAsync(buffer.AsMemory(0, read), stop);
        }
    }
}
