namespace Foretell.Contracts.Previous;

// See Interfaces.cs.

[GenerateSerializer, Immutable, Alias("foretell.reader-status")]
public sealed record ReaderStatus(
    [property: Id(0)] SiloAddress Silo,
    [property: Id(1)] long Position,
    [property: Id(2)] string? Problem);

[GenerateSerializer, Immutable, Alias("foretell.observed-event")]
public sealed record ObservedEvent(
    [property: Id(0)] long TimeTicks,
    [property: Id(1)] string? Mark = null,
    [property: Id(2)] string? EventId = null);

[GenerateSerializer, Immutable, Alias("foretell.forecast-request")]
public sealed record ForecastRequest(
    [property: Id(0)] long? AtTicks,
    [property: Id(1)] double HorizonSeconds,
    [property: Id(2)] double[] Quantiles);

[GenerateSerializer, Immutable, Alias("foretell.stream-forecast")]
public sealed record StreamForecast(
    [property: Id(0)] long AtTicks,
    [property: Id(1)] double SilenceSeconds,
    [property: Id(2)] double LogSurvival,
    [property: Id(3)] double MeanSeconds,
    [property: Id(4)] double[] QuantileSeconds,
    [property: Id(5)] double ProbabilityWithinHorizon,
    [property: Id(6)] string[] Marks,
    [property: Id(7)] double[] MarkProbabilities);

[GenerateSerializer, Immutable, Alias("foretell.reader-batch")]
public sealed record ReaderBatch(
    [property: Id(0)] long Epoch,
    [property: Id(1)] long Previous,
    [property: Id(2)] long Last,
    [property: Id(3)] byte[] Records);

[GenerateSerializer, Immutable, Alias("foretell.reader-answer")]
public sealed record ReaderAnswer(
    [property: Id(0)] bool Accepted,
    [property: Id(1)] long Epoch,
    [property: Id(2)] long Position);

[GenerateSerializer, Immutable, Alias("foretell.shard-status")]
public sealed record ShardStatus
{
    [Id(0)] public required int Partition { get; init; }

    [Id(1)] public required SiloAddress Silo { get; init; }

    [Id(2)] public required bool Ready { get; init; }

    [Id(3)] public required long Epoch { get; init; }

    [Id(4)] public required long Position { get; init; }

    [Id(5)] public required int Streams { get; init; }

    [Id(6)] public required long Applied { get; init; }

    [Id(7)] public required long DeadLetters { get; init; }

    [Id(8)] public required long UnknownMarks { get; init; }

    [Id(9)] public required long PendingSince { get; init; }

    [Id(10)] public required long ScoredEvents { get; init; }

    [Id(11)] public required double TimeScore { get; init; }

    [Id(12)] public required double MarkScore { get; init; }

    [Id(13)] public required double BaselineTimeScore { get; init; }

    [Id(14)] public required double BaselineMarkScore { get; init; }

    [Id(15)] public string? Problem { get; init; }
}

[GenerateSerializer, Alias("foretell.shard-unavailable")]
public sealed class ShardUnavailableException(string message) : Exception(message);

[GenerateSerializer, Immutable, Alias("foretell.stream-state")]
public sealed record StreamState(
    [property: Id(0)] string Stream,
    [property: Id(1)] long Events,
    [property: Id(2)] long LastEventTicks,
    [property: Id(3)] byte[] State,
    [property: Id(4)] int StateBytes,
    [property: Id(5)] string StateDigest);

[GenerateSerializer, Immutable, Alias("foretell.overdue")]
public sealed record OverdueRow(
    [property: Id(0)] string Stream,
    [property: Id(1)] long LastEventTicks,
    [property: Id(2)] double SilenceSeconds,
    [property: Id(3)] double LogSurvival);

[GenerateSerializer, Immutable, Alias("foretell.dead-letter")]
public sealed record DeadLetterRow(
    [property: Id(0)] int Partition,
    [property: Id(1)] long Sequence,
    [property: Id(2)] string Stream,
    [property: Id(3)] long TimeTicks,
    [property: Id(4)] string? Mark,
    [property: Id(5)] string? EventId,
    [property: Id(6)] long AppendTicks,
    [property: Id(7)] string Reason,
    [property: Id(8)] string Detail);

[GenerateSerializer, Immutable, Alias("foretell.digests")]
public sealed record DigestPage(
    [property: Id(0)] int Rows,
    [property: Id(1)] byte[] Keys,
    [property: Id(2)] byte[] Digests);
