namespace Foretell.FakeHub.Log;

/// <summary>What a partition remembers of producers that number their events, so that none is stored twice.</summary>
internal sealed class ProducerLedger
{
    private readonly Dictionary<long, Producer> _producers = [];
    private long _lastId;

    /// <summary>Lets a producer in: a new one gets an id, a known one goes on behind its last number.</summary>
    /// <exception cref="HubException">A producer of this id is there with a higher epoch.</exception>
    public Producer Admit(long? id, short? epoch, int? lastSequenceNumber)
    {
        lock (_producers)
        {
            if (id is { } given && _producers.TryGetValue(given, out Producer? known))
            {
                if (epoch < known.Epoch)
                {
                    throw new HubException(HubConditions.ProducerEpochStolen,
                        $"Producer '{given}' has attached with epoch '{known.Epoch}', which is higher than '{epoch}'.");
                }
                known.Epoch = epoch ?? known.Epoch;
                return known;
            }
            long taken = id ?? _lastId + 1;
            _lastId = Math.Max(_lastId, taken);
            return _producers[taken] = new Producer(taken) { Epoch = epoch ?? 0, LastSequenceNumber = lastSequenceNumber ?? 0 };
        }
    }

    /// <summary>Whether events of a producer are new.</summary>
    /// <param name="id">The id on the events: after a reconnect a client goes on with its first one, whatever its new link was given.</param>
    /// <param name="first">The producer's number of the first event.</param>
    /// <param name="count">Number of events, numbered consecutively.</param>
    /// <returns>False when they were stored before.</returns>
    /// <exception cref="HubException">There are events missing in front of them.</exception>
    public bool TryAdvance(long id, int first, int count)
    {
        lock (_producers)
        {
            // One that is not known comes from before the hub was made anew; it begins where it is.
            Producer producer = _producers.TryGetValue(id, out Producer? known) ? known : Admit(id, null, first - 1);
            if (first + count - 1 <= producer.LastSequenceNumber)
            {
                return false;
            }
            if (first != producer.LastSequenceNumber + 1)
            {
                throw new HubException(HubConditions.OutOfOrderSequence,
                    $"Producer '{id}' sent sequence number {first} behind {producer.LastSequenceNumber}.");
            }
            producer.LastSequenceNumber += count;
            return true;
        }
    }

    public void Clear()
    {
        lock (_producers)
        {
            _producers.Clear();
        }
    }

    internal sealed class Producer(long id)
    {
        public long Id => id;

        public short Epoch { get; set; }

        public int LastSequenceNumber { get; set; }
    }
}
