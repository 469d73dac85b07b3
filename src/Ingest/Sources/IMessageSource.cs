using Foretell.Ingest.Messages;

namespace Foretell.Ingest.Sources;

/// <summary>A broker's hub or topic, read into the log partition by partition. Safe to use from several threads.</summary>
/// <remarks>
/// A broker numbers the messages of a partition upwards; where it went on to is kept in the log, in the transaction that appends what
/// was read (<see cref="Engine.Log.ISourceLog"/>), and nowhere else. Every method fails with a <see cref="SourceException"/>.
/// </remarks>
public interface IMessageSource : IAsyncDisposable
{
    /// <summary>Name by which the log knows the source; must not change.</summary>
    string Name { get; }

    /// <summary>The broker, hub and group in words, for messages; no secrets.</summary>
    string Description { get; }

    /// <summary>True where numbers have no holes, so that a hole is a loss.</summary>
    bool NumbersAreDense { get; }

    /// <summary>Asks the broker what the source is now.</summary>
    Task<SourceDescription> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>Asks the broker which messages of a partition it holds.</summary>
    Task<PartitionRange> DescribePartitionAsync(string partition, CancellationToken cancellationToken);

    /// <summary>Opens a partition.</summary>
    /// <param name="partition">One of <see cref="SourceDescription.Partitions"/>.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="epoch">The reader's, from the log; brokers that know owner levels throw readers of lower ones off.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IMessageReader> OpenAsync(string partition, ReadFrom from, long epoch, CancellationToken cancellationToken);

    /// <summary>True where tools outside are to see how far partitions were read.</summary>
    bool ShowsPositions => false;

    /// <summary>Shows such tools a position, which the log holds already.</summary>
    Task ShowPositionAsync(string partition, long number, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Reads one partition in order. Used by one caller at a time.</summary>
public interface IMessageReader : IAsyncDisposable
{
    /// <summary>Number up to which there is nothing more to hand over, messages or not: where numbers have holes, the last of them is
    /// told by no message. Null or less than the last message's where the reader cannot tell.</summary>
    long? ReadThrough => null;

    /// <summary>Replaces the content of <paramref name="into"/> by the next messages; waits for some time where there are none.</summary>
    /// <param name="into">List to fill; what it holds is valid until the next call.</param>
    /// <param name="maximum">Most messages, 1 or more.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="SourceException">The reader is of no more use.</exception>
    Task ReadAsync(List<BrokerMessage> into, int maximum, CancellationToken cancellationToken);
}

/// <summary>What a source is, by its broker.</summary>
/// <param name="Identity">Tells the source from another one that was made anew under its name; "" where the broker cannot.</param>
/// <param name="Partitions">The broker's names of the partitions.</param>
public sealed record SourceDescription(string Identity, IReadOnlyList<string> Partitions);

/// <summary>Messages that a broker holds of a partition.</summary>
/// <param name="First">Number of the oldest; <c>Last + 1</c> when it holds none.</param>
/// <param name="Last">Number of the newest ever, -1 when there was none.</param>
public readonly record struct PartitionRange(long First, long Last);

/// <summary>Where a reader begins: behind a number, or at a time.</summary>
/// <param name="After">Number of the message before the first one wanted, -1 for the very first; null for <paramref name="Time"/>.</param>
/// <param name="Time">Messages that the broker took at or after this moment.</param>
public readonly record struct ReadFrom(long? After, DateTimeOffset Time);
