using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>What a log is to those who read brokers into it: events and the broker's position go in together, so that each message is
/// in the log once, whatever dies when.</summary>
public interface ISourceLog
{
    /// <summary>Appends what was read from a source, and with it how far the source was read: both or neither.</summary>
    /// <param name="batch">Events; may be empty. Copied before the call returns its task.</param>
    /// <param name="source">How far.</param>
    /// <param name="cancellationToken">Gives up waiting; the events may be appended all the same.</param>
    /// <exception cref="SourceTakenException">Another reader has taken the partition over, or the log holds more or less of it than
    /// the reader thinks.</exception>
    /// <exception cref="PlatformUnavailableException">The log cannot be written now. Whether the events were appended is unknown:
    /// <see cref="TakeSourceAsync"/> tells.</exception>
    Task<AppendReceipt> AppendSourceAsync(EventBatch batch, SourceAdvance source, CancellationToken cancellationToken);

    /// <summary>Takes a source's partition over, with the next epoch: whoever had it appends nothing more.</summary>
    /// <returns>The epoch, and where to go on.</returns>
    /// <exception cref="PlatformUnavailableException">The log cannot be written now.</exception>
    Task<SourceState> TakeSourceAsync(SourcePartition partition, CancellationToken cancellationToken);

    /// <summary>How far each partition of a source was read; those that nobody ever took are left out.</summary>
    /// <exception cref="PlatformUnavailableException">The log cannot be read now.</exception>
    ValueTask<IReadOnlyDictionary<string, SourceState>> ReadSourceAsync(string source, CancellationToken cancellationToken);
}
