using System.Net;
using System.Net.Sockets;

namespace Foretell.Silo.Tests;

/// <summary>Carries connections on to a server that listens on loopback only, from a network that cannot reach it there.</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public TcpRelay(IPAddress address, int target)
    {
        (_listener, _target) = (new TcpListener(address, 0), target);
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
            Task first = await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream(), stop), to.GetStream().CopyToAsync(from.GetStream(), stop));
            await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
