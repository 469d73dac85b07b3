using Foretell.FakeHub.Log;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;

namespace Foretell.FakeHub.Links;

/// <summary>A link that a client sends events over, to a hub or to one of its partitions.</summary>
internal sealed class SendLink : IHubLink
{
    private const string Idempotent = "com.microsoft:idempotent-producer", ProducerId = "com.microsoft:producer-id",
        ProducerEpoch = "com.microsoft:producer-epoch", ProducerSequenceNumber = "com.microsoft:producer-sequence-number";

    private readonly ReceivingAmqpLink _link;
    private readonly Hub _hub;
    private readonly HubPartition? _partition;

    private SendLink(ReceivingAmqpLink link, Hub hub, HubPartition? partition) => (_link, _hub, _partition) = (link, hub, partition);

    /// <exception cref="HubException">It is refused.</exception>
    public static void Open(ReceivingAmqpLink link, LinkAddress address, Hub hub, ClientConnection connection, TokenPolicy tokens)
    {
        var opened = new SendLink(link, hub, address.In(hub));
        LinkSet peers = opened._partition?.SenderSet ?? hub.SenderSet;
        link.Closed += (_, _) =>
        {
            connection.Grants.Leave(opened);
            peers.Remove(opened);
            hub.Changes.Tell();
        };
        if (tokens.IsRequired)
        {
            connection.Grants.Watch(opened, address);
        }
        link.Settings.MaxMessageSize = (ulong)hub.MaxMessageBytes;
        opened.AdmitProducer();
        link.RegisterMessageListener(opened.Take);
        peers.Add(opened);
        hub.Changes.Tell();
    }

    public void Detach(HubException why) => _link.SafeClose(why.ToAmqp());

    /// <summary>Tells an idempotent producer its id and where its numbers go on; without these it does not send.</summary>
    private void AdmitProducer()
    {
        AmqpLinkSettings settings = _link.Settings;
        if (_partition is null || !settings.Desires(Idempotent))
        {
            return;
        }
        ProducerLedger.Producer producer = _partition.Producers.Admit(
            settings.Long(ProducerId), (short?)settings.Long(ProducerEpoch), (int?)settings.Long(ProducerSequenceNumber));
        settings.Properties ??= [];
        settings.Properties[ProducerId] = producer.Id;
        settings.Properties[ProducerEpoch] = producer.Epoch;
        settings.Properties[ProducerSequenceNumber] = producer.LastSequenceNumber;
    }

    private void Take(AmqpMessage message)
    {
        try
        {
            _hub.Take(_partition, Wire.MessageCodec.Bytes(message), message.MessageFormat ?? 0);
            if (_hub.LostAcknowledgements.Strikes())
            {
                _link.Session.Connection.Abort();
            }
            else
            {
                _link.AcceptMessage(message, batchable: false);
            }
        }
        catch (HubException refusal)
        {
            Reject(message, refusal);
        }
        catch (FormatException malformed)
        {
            Reject(message, new HubException(HubConditions.DecodeError, malformed.Message));
        }
        message.Dispose();
    }

    private void Reject(AmqpMessage message, HubException why) =>
        _link.DisposeMessage(message, new Rejected { Error = why.ToError() }, settled: true, batchable: false);
}
