using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Foretell.FakeHub.Links;
using Foretell.FakeHub.Transport;

namespace Foretell.FakeHub;

/// <summary>Serves hubs over AMQP on a port of 127.0.0.1: one namespace, as clients of Event Hubs see it.</summary>
public sealed class HubEndpoint : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Hub> _hubs = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<ClientConnection, bool> _connections = new();
    private readonly Changes _changes = new();
    private readonly SocketListener _sockets;
    private readonly AmqpServer _server;

    private HubEndpoint(IEnumerable<Hub> hubs, HubEndpointOptions options)
    {
        foreach (Hub hub in hubs)
        {
            Add(hub);
        }
        (Options, Certificate) = (options, options.Tls ? SelfSigned.Certificate() : null);
        Tokens = new TokenPolicy(options.Clock, _changes);
        _sockets = new SocketListener(options.Port, Certificate);
        _server = new AmqpServer(this, _sockets);
    }

    public HubEndpointOptions Options { get; }

    /// <summary>Which tokens are taken.</summary>
    public TokenPolicy Tokens { get; }

    public int Port => ((IPEndPoint)_sockets.LocalEndpoint).Port;

    /// <summary>The certificate that it shows; null without TLS.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>Where it listens, for the SDK's CustomEndpointAddress.</summary>
    public Uri Address => new($"sb://127.0.0.1:{Port}");

    /// <summary>A connection string for plain TCP, without an EntityPath.</summary>
    public string ConnectionString => $"Endpoint={Address.OriginalString};SharedAccessKeyName={TokenPolicy.DefaultKeyName};"
        + $"SharedAccessKey={TokenPolicy.DefaultKey};UseDevelopmentEmulator=true";

    /// <summary>A connection string for TLS: the namespace by its name, to be used with <see cref="Address"/>.</summary>
    public string TlsConnectionString => $"Endpoint=sb://{Options.Namespace};SharedAccessKeyName={TokenPolicy.DefaultKeyName};"
        + $"SharedAccessKey={TokenPolicy.DefaultKey}";

    /// <summary>Connections that are open now.</summary>
    public int Connections => _connections.Count;

    /// <summary>Starts to listen.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The port is not free.</exception>
    public static HubEndpoint Start(Hub hub, HubEndpointOptions? options = null) => Start([hub], options);

    /// <inheritdoc cref="Start(Hub, HubEndpointOptions?)"/>
    public static HubEndpoint Start(IEnumerable<Hub> hubs, HubEndpointOptions? options = null)
    {
        var endpoint = new HubEndpoint(hubs, options ?? new HubEndpointOptions());
        endpoint._server.Start();
        return endpoint;
    }

    /// <exception cref="ArgumentException">A hub of this name is there.</exception>
    public void Add(Hub hub)
    {
        if (!_hubs.TryAdd(hub.Name, hub))
        {
            throw new ArgumentException($"There is a hub '{hub.Name}' already; names must differ in more than case.", nameof(hub));
        }
    }

    /// <summary>Takes a hub out of the namespace and detaches its links; clients do not find it any more.</summary>
    public void Remove(Hub hub)
    {
        _hubs.TryRemove(hub.Name, out _);
        hub.DetachLinks(HubConditions.NotFound);
    }

    /// <summary>Aborts every connection, hard: what is under way on them is lost.</summary>
    public void DropConnections()
    {
        foreach (ClientConnection connection in _connections.Keys)
        {
            connection.Abort();
        }
    }

    /// <summary>Waits until a condition on connections or tokens holds; looks again after every change, without polling.</summary>
    /// <exception cref="TimeoutException">It did not within the limit.</exception>
    public Task UntilAsync(
        Func<HubEndpoint, bool> condition, TimeSpan limit, [CallerArgumentExpression(nameof(condition))] string? text = null) =>
        _changes.UntilAsync(() => condition(this), limit, text);

    /// <summary>Stops to listen and drops the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sockets.DisposeAsync();
        DropConnections();
        Certificate?.Dispose();
    }

    internal Hub? Find(string name) => _hubs.GetValueOrDefault(name);

    internal void Opened(ClientConnection connection)
    {
        _connections[connection] = true;
        _changes.Tell();
    }

    internal void Closed(ClientConnection connection)
    {
        _connections.TryRemove(connection, out _);
        _changes.Tell();
    }
}
