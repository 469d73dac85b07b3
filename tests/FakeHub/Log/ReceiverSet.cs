namespace Foretell.FakeHub.Log;

/// <summary>The receivers of one partition, by the rules of owner levels.</summary>
internal sealed class ReceiverSet
{
    private const int MostWithoutLevel = 5;

    private readonly Lock _gate = new();
    private volatile IReceiver[] _receivers = [];

    public IReceiver[] All => _receivers;

    /// <summary>Lets a receiver in, or not.</summary>
    /// <returns>Those that it takes the partition from, to be detached.</returns>
    /// <exception cref="HubException">A higher level reads, or too many do.</exception>
    public IReceiver[] Add(IReceiver receiver)
    {
        lock (_gate)
        {
            IReceiver[] peers = [.. _receivers.Where(peer =>
                peer.ConsumerGroup.Equals(receiver.ConsumerGroup, StringComparison.OrdinalIgnoreCase))];
            long? highest = peers.Max(peer => peer.OwnerLevel);
            Check(receiver, highest, peers.Length);
            // An equal level takes over as well. Those without a level yield to any.
            IReceiver[] displaced = receiver.OwnerLevel is null ? [] : peers;
            _receivers = [.. _receivers.Except(displaced), receiver];
            return displaced;
        }
    }

    public void Remove(IReceiver receiver)
    {
        lock (_gate)
        {
            _receivers = [.. _receivers.Where(other => other != receiver)];
        }
    }

    /// <summary>What a receiver is told that another took the partition from.</summary>
    public static HubException Stolen(IReceiver from, IReceiver by) => new(HubConditions.LinkStolen,
        $"New receiver '{by.Name}' with higher epoch of '{by.OwnerLevel}' is created hence current receiver '{from.Name}' with epoch '{from.OwnerLevel}' is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.");

    private static void Check(IReceiver receiver, long? highest, int peers)
    {
        if (highest is not null && receiver.OwnerLevel is null)
        {
            throw new HubException(HubConditions.LinkStolen,
                $"At least one receiver for the endpoint is created with epoch of '{highest}', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.");
        }
        if (receiver.OwnerLevel < highest)
        {
            throw new HubException(HubConditions.LinkStolen,
                $"Receiver '{receiver.Name}' with a higher epoch '{highest}' already exists. Receiver '{receiver.Name}' with epoch {receiver.OwnerLevel} cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.");
        }
        if (receiver.OwnerLevel is null && peers >= MostWithoutLevel)
        {
            throw new HubException(HubConditions.ResourceLimitExceeded,
                $"Exceeded the maximum number of allowed receivers per partition in a consumer group which is {MostWithoutLevel}.");
        }
    }
}
