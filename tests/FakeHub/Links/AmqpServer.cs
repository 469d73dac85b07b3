using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Sasl;
using Microsoft.Azure.Amqp.Transport;

namespace Foretell.FakeHub.Links;

/// <summary>Lets connections and links in, and leads each link to where its address says.</summary>
internal sealed class AmqpServer : IRuntimeProvider
{
    private const uint SenderCredit = 300;

    private readonly HubEndpoint _endpoint;
    private readonly AmqpTransportListener _listener;
    private readonly AmqpSettings _settings = new();

    public AmqpServer(HubEndpoint endpoint, TransportListener sockets)
    {
        _endpoint = endpoint;
        var version = new AmqpVersion(1, 0, 0);
        var sasl = new SaslTransportProvider();
        sasl.Versions.Add(version);
        // Microsoft's clients name the mechanism of their claims; they prove who they are by tokens, later.
        sasl.AddHandler(new SaslAnonymousHandler("MSSBCBS"));
        sasl.AddHandler(new SaslAnonymousHandler());
        var amqp = new AmqpTransportProvider();
        amqp.Versions.Add(version);
        _settings.TransportProviders.Add(sasl);
        _settings.TransportProviders.Add(amqp);
        _settings.RuntimeProvider = this;
        _listener = new AmqpTransportListener([sockets], _settings);
    }

    public void Start() => _listener.Listen(Accept);

    public AmqpConnection CreateConnection(
        TransportBase transport, ProtocolHeader header, bool isInitiator, AmqpSettings settings, AmqpConnectionSettings connection) =>
        new ClientConnection(transport, header, settings, connection, _endpoint.Options.Clock);

    public AmqpSession CreateSession(AmqpConnection connection, AmqpSessionSettings settings) =>
        throw new NotSupportedException("A connection makes its sessions itself.");

    public AmqpLink CreateLink(AmqpSession session, AmqpLinkSettings settings)
    {
        if (!settings.IsReceiver())
        {
            return new SendingAmqpLink(session, settings);
        }
        settings.TotalLinkCredit = SenderCredit;
        settings.AutoSendFlow = true;
        return new ReceivingAmqpLink(session, settings);
    }

    // A refusal thrown from here is an attach without its source or target and then a detach with the error, as the standard has it.
    // Thrown from CreateLink, a refusal for a quota would end the whole session.
    public IAsyncResult BeginOpenLink(AmqpLink link, TimeSpan timeout, AsyncCallback callback, object state)
    {
        try
        {
            Lead(link, (ClientConnection)link.Session.Connection);
        }
        catch (HubException refusal)
        {
            throw refusal.ToAmqp();
        }
        var done = new TaskCompletionSource(state);
        done.SetResult();
        callback(done.Task);
        return done.Task;
    }

    public void EndOpenLink(IAsyncResult result)
    {
    }

    private void Accept(TransportListener listener, TransportAsyncCallbackArgs args)
    {
        var settings = new AmqpConnectionSettings
        {
            ContainerId = _endpoint.Options.Namespace,
            MaxFrameSize = 64 * 1024,
            ChannelMax = 4999,
            IdleTimeOut = 240_000,
        };
        var connection = (ClientConnection)CreateConnection(
            args.Transport, (ProtocolHeader)args.UserToken, isInitiator: false, _settings, settings);
        connection.Closed += (_, _) =>
        {
            connection.Grants.Dispose();
            _endpoint.Closed(connection);
        };
        _endpoint.Opened(connection);
        connection.BeginOpen(TimeSpan.FromSeconds(60), FinishOpen, connection);
    }

    private static void FinishOpen(IAsyncResult result)
    {
        var connection = (ClientConnection)result.AsyncState!;
        try
        {
            connection.EndOpen(result);
        }
        catch (Exception failure)
        {
            connection.SafeClose(failure);
        }
    }

    private void Lead(AmqpLink link, ClientConnection connection)
    {
        switch (link)
        {
            case ReceivingAmqpLink requests when Target(link) is { IsTokens: true }:
                RequestLink.Open(requests, request => TokenNode.Answer(request, connection, _endpoint.Tokens));
                break;
            case ReceivingAmqpLink requests when Target(link) is { IsManagement: true }:
                RequestLink.Open(requests, request => ManagementNode.Answer(request, _endpoint));
                break;
            case SendingAmqpLink answers when Source(link) is { IsTokens: true } or { IsManagement: true }:
                string replyTo = (link.Settings.Target as Target)?.Address?.ToString() ?? link.Name;
                connection.Answers[replyTo] = answers;
                link.Closed += (_, _) => connection.Answers.TryRemove(replyTo, out SendingAmqpLink? _);
                break;
            case ReceivingAmqpLink events:
                SendLink.Open(events, Target(link), HubOf(Target(link)), connection, _endpoint.Tokens);
                break;
            case SendingAmqpLink events:
                EventLink.Open(events, Source(link), HubOf(Source(link)), connection, _endpoint.Tokens);
                break;
        }
    }

    private Hub HubOf(LinkAddress address)
    {
        Hub hub = _endpoint.Find(address.Hub) ?? throw new HubException(HubConditions.NotFound,
            $"The messaging entity 'sb://{_endpoint.Options.Namespace}/{address.Path}' could not be found. status-code: 404");
        hub.RefusedAttaches.ThrowIfItStrikes();
        return hub;
    }

    private static LinkAddress Target(AmqpLink link) => LinkAddress.Parse((link.Settings.Target as Target)?.Address?.ToString());

    private static LinkAddress Source(AmqpLink link) => LinkAddress.Parse((link.Settings.Source as Source)?.Address?.ToString());
}
