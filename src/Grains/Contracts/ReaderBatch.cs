using Foretell.Engine.Events;

namespace Foretell.Grains.Contracts;

/// <summary>Records of one partition on their way to its shard.</summary>
/// <param name="Epoch">Epoch of the shard that the reader resumed at; another owner refuses the batch.</param>
/// <param name="Previous">Last record before the batch; applied only where this is the shard's own position.</param>
/// <param name="Last">Last record of the batch.</param>
/// <param name="Records">Append times and records (<see cref="RecordBatch.Encode"/>). One array of bytes: any other shape is
/// written element by element.</param>
/// <param name="Traces">Which records somebody traces (<see cref="RecordTraces.Encode"/>), counted behind
/// <paramref name="Previous"/>; null when nobody does.</param>
[GenerateSerializer, Immutable, Alias("foretell.reader-batch")]
public sealed partial record ReaderBatch(
    [property: Id(0)] long Epoch,
    [property: Id(1)] long Previous,
    [property: Id(2)] long Last,
    [property: Id(3)] byte[] Records,
    [property: Id(4)] byte[]? Traces = null);

/// <summary>What a shard tells its reader.</summary>
/// <param name="Accepted">False when the reader has to begin anew behind <paramref name="Position"/>.</param>
/// <param name="Epoch">The shard's epoch.</param>
/// <param name="Position">Last record that the shard has, or is about to have.</param>
[GenerateSerializer, Immutable, Alias("foretell.reader-answer")]
public sealed partial record ReaderAnswer(
    [property: Id(0)] bool Accepted,
    [property: Id(1)] long Epoch,
    [property: Id(2)] long Position);
