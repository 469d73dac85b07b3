using System.Collections.Concurrent;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Transport;

namespace Foretell.FakeHub.Links;

/// <summary>One client's connection, with what belongs to it alone.</summary>
internal sealed class ClientConnection(
    TransportBase transport, ProtocolHeader header, AmqpSettings settings, AmqpConnectionSettings connectionSettings, TimeProvider clock)
    : AmqpConnection(transport, header, isInitiator: false, settings, connectionSettings)
{
    public Grants Grants { get; } = new(clock);

    /// <summary>Links that carry answers, by the address that requests name as their reply-to.</summary>
    public ConcurrentDictionary<string, SendingAmqpLink> Answers { get; } = new();
}
