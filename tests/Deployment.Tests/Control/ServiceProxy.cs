using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Foretell.Deployment.Tests.Kubelet;

namespace Foretell.Deployment.Tests.Control;

/// <summary>A Service as kube-proxy makes it: each new connection leads to one of the pods that are ready; what is connected
/// already stays where it is.</summary>
/// <param name="port">Port of the pods.</param>
/// <param name="pods">All pods that its selector takes.</param>
internal sealed class ServiceProxy(int port, Func<IEnumerable<Pod>> pods)
{
    /// <summary>Whoever routes hears of a change this much later than it happens.</summary>
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private IPAddress[] _endpoints = [];
    private int _changes, _heard, _next;

    /// <summary>Pods' addresses that new connections go to.</summary>
    public IReadOnlyList<IPAddress> Endpoints => Volatile.Read(ref _endpoints);

    /// <summary>Some pod has become ready, or is not any more, or was told to end.</summary>
    public async Task ChangeAsync()
    {
        IPAddress[] now;
        int change;
        lock (_gate)
        {
            now = [.. pods().Where(p => p.IsReady && !p.IsTerminating).Select(p => p.Address)];
            change = ++_changes;
        }
        await Task.Delay(s_delay);
        lock (_gate)
        {
            if (change > _heard)
            {
                (_heard, _endpoints) = (change, now);
            }
        }
    }

    /// <summary>A client of this Service, with connections of its own.</summary>
    public HttpClient Connect() => new(new SocketsHttpHandler { ConnectCallback = ConnectAsync })
    {
        BaseAddress = new Uri("http://foretell"),
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { Authorization = Key is null ? null : new AuthenticationHeaderValue("Bearer", Key) },
    };

    /// <summary>API key that its clients send; null for none.</summary>
    public string? Key { get; set; }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        IPAddress[] endpoints = Volatile.Read(ref _endpoints);
        if (endpoints.Length == 0)
        {
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            IPAddress endpoint = endpoints[(int)((uint)Interlocked.Increment(ref _next) % endpoints.Length)];
            await socket.ConnectAsync(new IPEndPoint(endpoint, port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
