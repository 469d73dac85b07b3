using Foretell.Engine.Shards;
using Foretell.Engine.Store;

namespace Foretell.Hosting;

/// <summary>Where one partition stands.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="Position">Last record applied.</param>
/// <param name="Streams">Streams with at least one applied event.</param>
/// <param name="Totals">Counts since the log was created.</param>
/// <param name="Scores">Scores since the shard came to its process.</param>
/// <param name="PendingSince">Append time of the oldest record given but not applied; <see cref="long.MaxValue"/> when there is
/// none.</param>
/// <param name="Problem">Why it is not healthy, or null.</param>
public sealed record PartitionReport(
    int Partition, long Position, int Streams, ShardTotals Totals, ScoreTotals Scores, long PendingSince, string? Problem);
