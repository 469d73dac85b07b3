using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Azure.Amqp.Transport;

namespace Foretell.FakeHub.Transport;

/// <summary>Takes connections on 127.0.0.1, over TCP or TLS, for the AMQP library.</summary>
/// <remarks>The library's own listener does not tell which port it got, and looks up this machine's name, which not every machine
/// knows.</remarks>
internal sealed class SocketListener : TransportListener, IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly X509Certificate2? _certificate;
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;

    public SocketListener(int port, X509Certificate2? certificate) : base("socket-listener")
    {
        (_listener, _certificate) = (new TcpListener(IPAddress.Loopback, port), certificate);
        _listener.Start();
    }

    public EndPoint LocalEndpoint => _listener.LocalEndpoint;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    protected override void OnListen() => _accepting = AcceptAsync(_stop.Token);

    private async Task AcceptAsync(CancellationToken stop)
    {
        await Task.Yield();
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptSocketAsync(stop), stop);
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            socket.NoDelay = true;
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, stop);
            }
            var transport = new StreamTransport(socket, stream);
            transport.Open();
            OnTransportAccepted(new TransportAsyncCallbackArgs { Transport = transport, CompletedSynchronously = false });
        }
        catch (Exception failure) when (failure is IOException or SocketException
            or System.Security.Authentication.AuthenticationException or OperationCanceledException)
        {
            // A client that does not trust the certificate hangs up; it knows why.
            await stream.DisposeAsync();
        }
    }
}
