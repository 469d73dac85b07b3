
namespace Foretell.Grains.Contracts;

/// <summary>Reads one partition of the log and feeds its shard. Its key is the partition.</summary>
[Alias("foretell.partition-reader")]
public interface IPartitionReaderGrain : IGrainWithIntegerKey
{
    /// <summary>Makes the reader exist, and tells how it fares.</summary>
    [Alias("keep-reading"), ResponseTimeout("00:00:03")]
    Task<ReaderStatus> KeepReading();

    /// <summary>Stops here and goes on at another silo.</summary>
    [Alias("move"), ResponseTimeout("00:00:03")]
    Task Move(SiloAddress target);
}

/// <summary>How a reader fares.</summary>
/// <param name="Silo">Silo that it lives on.</param>
/// <param name="Position">Last record sent.</param>
/// <param name="Problem">Why it cannot go on now, or null.</param>
[GenerateSerializer, Immutable, Alias("foretell.reader-status")]
public sealed record ReaderStatus(
    [property: Id(0)] SiloAddress Silo,
    [property: Id(1)] long Position,
    [property: Id(2)] string? Problem);
