using System.Runtime.InteropServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;

namespace Foretell.Grains.Contracts;

/// <summary>One stream's state on its way to whoever asked.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events applied.</param>
/// <param name="LastEventTicks">Time of the latest event.</param>
/// <param name="State">The row's floats, little-endian; as bytes, because an array of floats is written one by one.</param>
/// <param name="StateBytes">Bytes of the row.</param>
/// <param name="StateDigest">Digest of the state, hex.</param>
[GenerateSerializer, Immutable, Alias("foretell.stream-state")]
public sealed record StreamState(
    [property: Id(0)] string Stream,
    [property: Id(1)] long Events,
    [property: Id(2)] long LastEventTicks,
    [property: Id(3)] byte[] State,
    [property: Id(4)] int StateBytes,
    [property: Id(5)] string StateDigest)
{
    /// <summary>How well its forecasts have done: the row's bytes (docs/formats.md); null from a silo that keeps none.</summary>
    [Id(6)] public byte[]? Scores { get; init; }

    /// <summary>The adaptation that forecasts are made from where streams share what they show together, floats, little-endian; null where
    /// it is the row's own.</summary>
    [Id(7)] public byte[]? Served { get; init; }

    internal static StreamState Of(StreamSnapshot found, ForecastModel model) => new(found.Stream, found.Events, found.LastEventTicks,
        MemoryMarshal.AsBytes(found.State.AsSpan()).ToArray(), found.StateBytes, found.Digest(model))
    {
        Scores = MemoryMarshal.AsBytes([found.Scores]).ToArray(),
        Served = found.Served == found.State ? null : MemoryMarshal.AsBytes(found.Served.AsSpan(AdaptationOf(model))).ToArray(),
    };

    internal StreamSnapshot ToSnapshot(ForecastModel model)
    {
        float[] state = MemoryMarshal.Cast<byte, float>(State).ToArray(), served = state;
        if (Served is not null)
        {
            served = [.. state];
            MemoryMarshal.Cast<byte, float>(Served).CopyTo(served.AsSpan(AdaptationOf(model)));
        }
        LiveScores scores = Scores is { Length: LiveScores.Bytes } ? MemoryMarshal.Read<LiveScores>(Scores) : default;
        return new(Stream, Events, LastEventTicks, state, scores) { Served = served };
    }

    /// <summary>Where a row has what its stream has shown of its own.</summary>
    private static Range AdaptationOf(ForecastModel model) => (model.MixerFloats + model.Config.Width)..model.StateFloats;
}

/// <summary>Which overdue streams are asked for; the fields are <see cref="OverdueQuestion"/>'s.</summary>
[GenerateSerializer, Immutable, Alias("foretell.overdue-request")]
public sealed record OverdueRequest(
    [property: Id(0)] long AtTicks,
    [property: Id(1)] int Limit,
    [property: Id(2)] string Prefix,
    [property: Id(3)] long NewerThanTicks,
    [property: Id(4)] bool WithGone)
{
    internal static OverdueRequest Of(OverdueQuestion question) =>
        new(question.AtTicks, question.Limit, question.Prefix, question.NewerThanTicks, question.WithGone);

    internal OverdueQuestion ToQuestion() =>
        new(AtTicks, Limit) { Prefix = Prefix, NewerThanTicks = NewerThanTicks, WithGone = WithGone };
}

/// <summary>A stream that has been silent for unusually long.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="LastEventTicks">Time of its latest event.</param>
/// <param name="SilenceSeconds">Seconds since then.</param>
/// <param name="LogSurvival">Log probability that nothing would have come by now, nats.</param>
[GenerateSerializer, Immutable, Alias("foretell.overdue")]
public sealed record OverdueRow(
    [property: Id(0)] string Stream,
    [property: Id(1)] long LastEventTicks,
    [property: Id(2)] double SilenceSeconds,
    [property: Id(3)] double LogSurvival)
{
    internal static OverdueRow Of(OverdueStream found) => new(found.Stream, found.LastEventTicks, found.SilenceSeconds, found.LogSurvival);

    internal OverdueStream ToOverdueStream() => new(Stream, LastEventTicks, SilenceSeconds, LogSurvival);
}

/// <summary>An event of the log that could not be applied; the fields are <see cref="DeadLetter"/>'s.</summary>
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
    [property: Id(8)] string Detail)
{
    internal static DeadLetterRow Of(DeadLetter letter) => new(letter.Partition, letter.Sequence, letter.Stream, letter.TimeTicks,
        letter.Mark, letter.Id, letter.AppendTicks, letter.Reason, letter.Detail);

    internal DeadLetter ToDeadLetter() => new(Partition, Sequence, Stream, TimeTicks, Mark, EventId, AppendTicks, Reason, Detail);
}

/// <summary>Digests of consecutive rows.</summary>
/// <param name="Rows">Rows in the page; fewer than asked for only behind the last row.</param>
/// <param name="Keys">Per row the key's length u16, little-endian, and the key.</param>
/// <param name="Digests">32 bytes per row.</param>
[GenerateSerializer, Immutable, Alias("foretell.digests")]
public sealed record DigestPage(
    [property: Id(0)] int Rows,
    [property: Id(1)] byte[] Keys,
    [property: Id(2)] byte[] Digests);
