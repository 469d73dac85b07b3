using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>A durable, partitioned log. Sequence numbers count from 1 without gaps in each partition.</summary>
/// <remarks>
/// Acknowledged means durable (law 1): an append's task completes, and its records become visible to readers,
/// only once they would survive the loss of power. Append times never go backwards within a partition.
/// </remarks>
public interface IEventLog : ISourceLog, IAsyncDisposable
{
    /// <summary>Partitions; fixed when the log was created.</summary>
    int PartitionCount { get; }

    /// <summary>Why appends fail, or just failed, one sentence; null while they work, and once nobody has tried for some seconds.</summary>
    string? Problem { get; }

    /// <summary>Set once the log is found to have lost records that it had acknowledged: what was made of those counts no more.</summary>
    Exception? Lost { get; }

    /// <summary>Appends events, each to the partition of its key (<see cref="EventHubsPartitioner"/>), all or none.</summary>
    /// <param name="batch">Events; copied before the call returns its task.</param>
    /// <param name="request">Idempotency key, or null. A repeat within 24 hours gets the first receipt.</param>
    /// <param name="cancellationToken">Gives up waiting; the events may be appended all the same.</param>
    /// <exception cref="IdempotencyConflictException">The key was used before with another fingerprint.</exception>
    /// <exception cref="PlatformUnavailableException">The log cannot be written now.</exception>
    Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken);

    /// <summary>Appends a control record to every partition, all or none, unless it repeats the last one of its name.</summary>
    /// <returns>True when records were appended.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be written now.</exception>
    Task<bool> AppendControlAsync(string name, string value, CancellationToken cancellationToken);

    /// <summary>Value of the last control record of a name, or null.</summary>
    /// <exception cref="PlatformUnavailableException">The log cannot be read now.</exception>
    /// <exception cref="InvalidDataException">What the log says of it is damaged.</exception>
    ValueTask<string?> FindControlAsync(string name, CancellationToken cancellationToken);

    /// <summary>Where a partition ends, as far as this process knows.</summary>
    LogEnd End(int partition);

    /// <summary>Learns of every append that was acknowledged before this call, by whichever process; afterwards <see cref="End"/>
    /// includes them.</summary>
    /// <exception cref="PlatformUnavailableException">The log cannot be read now.</exception>
    /// <exception cref="InvalidDataException">The log ends before a record that it has acknowledged.</exception>
    Task RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Last record of a partition that was trimmed, as far as this process knows: readers begin there or later. 0 while the
    /// log has every record.</summary>
    long Trimmed(int partition);

    /// <summary>Removes some of a partition's oldest records, whole segments and about a MB at a time, so that appends hardly wait for it.
    /// The segment of the last record always stays. Safe to do from several processes at once.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="upTo">Last record that may go: whoever reads the log, now or after a restart, begins there or later.</param>
    /// <param name="before">Only what was appended before this time goes (<see cref="EventTime"/>).</param>
    /// <param name="cancellationToken">Gives up waiting; the records may be removed all the same.</param>
    /// <returns>True where more can be removed at once.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be written now.</exception>
    /// <exception cref="InvalidDataException">What would be removed is damaged; nothing was removed.</exception>
    Task<bool> TrimAsync(int partition, long upTo, long before, CancellationToken cancellationToken);

    /// <summary>A reader of one partition that begins behind <paramref name="after"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log has no such partition, or ends before that sequence number.</exception>
    /// <exception cref="LogTrimmedException">The record behind it was trimmed.</exception>
    ILogReader OpenReader(int partition, long after);
}

/// <summary>Where a partition ends.</summary>
/// <param name="Sequence">Sequence number of the last durable record; 0 when empty.</param>
/// <param name="Events">How many of the records are events.</param>
/// <param name="AppendTicks">When the last one was appended.</param>
public readonly record struct LogEnd(long Sequence, long Events, long AppendTicks);

/// <summary>Reads one partition in order. Used by one caller at a time.</summary>
public interface ILogReader : IAsyncDisposable
{
    /// <summary>Replaces the content of <paramref name="into"/> by the next records.</summary>
    /// <param name="into">Batch to fill.</param>
    /// <param name="maximum">Most records to read, 1 or more.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Records read; 0 at the end of the log.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be read now; the reader stays where it was.</exception>
    /// <exception cref="InvalidDataException">The log is damaged, or what would come next was trimmed; the message says where.</exception>
    ValueTask<int> ReadAsync(RecordBatch into, int maximum, CancellationToken cancellationToken);

    /// <summary>Completes once there is a record that this reader has not read.</summary>
    Task WaitAsync(CancellationToken cancellationToken);
}
