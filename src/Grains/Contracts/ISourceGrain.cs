using Foretell.Engine.Log;

namespace Foretell.Grains.Contracts;

/// <summary>Keeps one reader alive per partition of a source. Its key is the source's name.</summary>
[Alias("foretell.source")]
public interface ISourceGrain : IGrainWithStringKey
{
    /// <summary>Makes the grain exist, and tells how the reading does. Every silo calls it, so that it comes back after any loss.</summary>
    [Alias("status"), ResponseTimeout("00:00:03")]
    Task<SourceStatus> Status();
}

/// <summary>Reads one partition of a source into the log. Its key is the partition's place among the source's, and the source's
/// name.</summary>
[Alias("foretell.source-partition")]
public interface ISourcePartitionGrain : IGrainWithIntegerCompoundKey
{
    /// <summary>Makes the reader exist, and tells how it fares.</summary>
    /// <param name="partition">The broker's name of the partition.</param>
    [Alias("keep-reading"), ResponseTimeout("00:00:03")]
    Task<SourcePartitionStatus> KeepReading(string partition);

    /// <summary>Stops here and goes on at another silo.</summary>
    [Alias("move"), ResponseTimeout("00:00:03")]
    Task Move(SiloAddress target);
}

/// <summary>How the reading of a source does.</summary>
/// <param name="Partitions">Its partitions, as they were last heard of.</param>
/// <param name="Problem">What is wrong with the source as a whole, or null.</param>
[GenerateSerializer, Immutable, Alias("foretell.source-status")]
public sealed record SourceStatus(
    [property: Id(0)] SourcePartitionStatus[] Partitions,
    [property: Id(1)] string? Problem);

/// <summary>How the reading of one partition of a source does.</summary>
[GenerateSerializer, Immutable, Alias("foretell.source-partition-status")]
public sealed record SourcePartitionStatus
{
    /// <summary>The broker's name of the partition.</summary>
    [Id(0)] public required string Partition { get; init; }

    /// <summary>Silo that its reader lives on.</summary>
    [Id(1)] public required SiloAddress Silo { get; init; }

    /// <inheritdoc cref="SourceProgress.Number"/>
    [Id(2)] public required long Number { get; init; }

    /// <inheritdoc cref="SourceProgress.Last"/>
    [Id(3)] public required long Last { get; init; }

    /// <inheritdoc cref="SourceProgress.LastEnqueuedTicks"/>
    [Id(4)] public required long LastEnqueuedTicks { get; init; }

    /// <inheritdoc cref="SourceProgress.Messages"/>
    [Id(5)] public required long Messages { get; init; }

    /// <inheritdoc cref="SourceProgress.Unreadable"/>
    [Id(6)] public required long Unreadable { get; init; }

    /// <inheritdoc cref="SourceProgress.Missing"/>
    [Id(7)] public required long Missing { get; init; }

    /// <inheritdoc cref="SourceProgress.Problem"/>
    [Id(8)] public string? Problem { get; init; }

    internal SourceProgress ToProgress(string source) => new(new SourcePartition(source, Partition), Number, Last, LastEnqueuedTicks,
        Messages, Unreadable, Missing, Problem);

    internal static SourcePartitionStatus Of(SourceProgress progress, SiloAddress silo) => new()
    {
        Partition = progress.Partition.Partition,
        Silo = silo,
        Number = progress.Number,
        Last = progress.Last,
        LastEnqueuedTicks = progress.LastEnqueuedTicks,
        Messages = progress.Messages,
        Unreadable = progress.Unreadable,
        Missing = progress.Missing,
        Problem = progress.Problem,
    };
}
