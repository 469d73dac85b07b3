namespace Foretell.Engine.Log;

/// <summary>Where each partition of a log begins and ends, as far as this process knows: the one place where a log tells its readers that
/// there is more.</summary>
/// <remarks>Safe to use from any thread. Both only grow.</remarks>
/// <param name="partitions">Partitions of the log.</param>
public sealed class LogEnds(int partitions)
{
    private readonly Lock _gate = new();
    private readonly LogEnd[] _ends = new LogEnd[partitions];
    private readonly long[] _trimmed = new long[partitions];
    private readonly SequenceSignal[] _sequences = [.. Enumerable.Range(0, partitions).Select(_ => new SequenceSignal())];

    /// <summary>Partitions of the log.</summary>
    public int Count => partitions;

    /// <summary>Where a partition ends.</summary>
    public LogEnd this[int partition]
    {
        get
        {
            lock (_gate)
            {
                return _ends[partition];
            }
        }
    }

    /// <summary>Where all partitions end, at one moment.</summary>
    public LogEnd[] All()
    {
        lock (_gate)
        {
            return [.. _ends];
        }
    }

    /// <summary>Last durable record of a partition, for readers that wait for more.</summary>
    public SequenceSignal Sequence(int partition) => _sequences[partition];

    /// <summary>Records are durable: moves the end, and wakes whoever waits for them.</summary>
    /// <returns>False where the end is known already: an answer to an older question may come in behind newer news.</returns>
    public bool Advance(int partition, LogEnd end)
    {
        lock (_gate)
        {
            if (end.Sequence <= _ends[partition].Sequence)
            {
                return false;
            }
            _ends[partition] = end;
        }
        _sequences[partition].Publish(end.Sequence);
        return true;
    }

    /// <summary>No partition grows any more: everyone who waits for more gets this exception, now and later.</summary>
    public void Fail(Exception failure) => Array.ForEach(_sequences, sequence => sequence.Fail(failure));

    /// <summary>Last record of a partition that was trimmed; 0 while nothing was.</summary>
    public long Trimmed(int partition) => Volatile.Read(ref _trimmed[partition]);

    /// <summary>Records were trimmed: no reader begins before the one behind them.</summary>
    public void Trim(int partition, long sequence)
    {
        lock (_gate)
        {
            _trimmed[partition] = Math.Max(_trimmed[partition], sequence);
        }
    }

    /// <summary>Refuses what no reader can begin at.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log has no such partition, or ends before that sequence number.</exception>
    /// <exception cref="LogTrimmedException">The record behind it was trimmed.</exception>
    public void CheckBeginning(int partition, long after)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)partitions, nameof(partition));
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(after, this[partition].Sequence);
        if (Trimmed(partition) is var trimmed && after < trimmed)
        {
            throw new LogTrimmedException(partition, after + 1, trimmed);
        }
    }
}
