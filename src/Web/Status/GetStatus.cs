using System.Text.Json.Serialization;
using Foretell.Engine.Alerts;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Status;

/// <summary><c>GET /v1/status</c>: counts and scores of the whole platform.</summary>
internal static class GetStatus
{
    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/status", Handle)
        .WithName("GetStatus").WithTags("Status")
        .WithSummary("Where the platform stands")
        .WithDescription("Counts, lag, and how well the live forecasts score; cheap enough to ask several times a second."));

    private static Ok<StatusAnswer> Handle(IPlatform platform)
    {
        PlatformStatus status = platform.Status();
        return TypedResults.Ok(new StatusAnswer
        {
            Streams = status.Streams,
            EventsAccepted = status.EventsAccepted,
            EventsApplied = status.EventsApplied,
            DeadLetters = status.DeadLetters,
            UnknownMarks = status.UnknownMarks,
            LagEvents = status.LagEvents,
            LagSeconds = status.LagSeconds,
            Partitions = platform.PartitionCount,
            Model = platform.Model.Id,
            Ready = status.Ready,
            Problems = status.Problems,
            Devices = [.. status.Devices.Select(d => new DeviceAnswer(d.Name, d.Silo, d.Partitions, d.Problem))],
            Sources = [.. status.Sources.Select(SourceAnswer.Of)],
            Sinks = [.. status.Sinks.Select(SinkAnswer.Of)],
            Scores = ScoresAnswer.Of(status.Scores),
        });
    }
}

/// <summary>Where the platform stands.</summary>
public sealed record StatusAnswer
{
    /// <summary>Streams with at least one applied event.</summary>
    public required long Streams { get; init; }

    /// <summary>Events in the log.</summary>
    public required long EventsAccepted { get; init; }

    /// <summary>Events applied to a stream's state.</summary>
    public required long EventsApplied { get; init; }

    /// <summary>Events that became dead letters.</summary>
    public required long DeadLetters { get; init; }

    /// <summary>Applied events whose mark the model does not know.</summary>
    public required long UnknownMarks { get; init; }

    /// <summary>Records in the log that are not applied yet.</summary>
    public required long LagEvents { get; init; }

    /// <summary>Age of the oldest of them, seconds; 0 when there is none.</summary>
    public required double LagSeconds { get; init; }

    /// <summary>Partitions of the log.</summary>
    public required int Partitions { get; init; }

    /// <summary>Id of the model that advances the streams.</summary>
    public required string Model { get; init; }

    /// <summary>True once every partition serves queries.</summary>
    public required bool Ready { get; init; }

    /// <summary>Why the platform is not healthy, one sentence each; empty when it is.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>What steps the streams' states, device by device.</summary>
    public required IReadOnlyList<DeviceAnswer> Devices { get; init; }

    /// <summary>Where the reading of brokers stands, partition by partition; empty without sources.</summary>
    public required IReadOnlyList<SourceAnswer> Sources { get; init; }

    /// <summary>Where the publishing to brokers stands, feed by feed; empty without sinks.</summary>
    public required IReadOnlyList<SinkAnswer> Sinks { get; init; }

    /// <summary>How well the live forecasts scored of late: since the process started, older events fading where a partition has more than 16,384.</summary>
    public required ScoresAnswer Scores { get; init; }
}

/// <summary>What steps some of the partitions.</summary>
/// <param name="Device">`cpu`, or the accelerator's number and name, as in `cuda:0 NVIDIA L4`.</param>
/// <param name="Silo">Address of its silo; null in an embedded host.</param>
/// <param name="Partitions">Partitions whose states it steps.</param>
/// <param name="Problem">Why the accelerator is not used any more, so that the CPU steps in its place; null while all is well.</param>
public sealed record DeviceAnswer(string Device, string? Silo, int Partitions, string? Problem);

/// <summary>Where the reading of one partition of a broker stands.</summary>
/// <param name="Source">Name of the source.</param>
/// <param name="Partition">The broker's name of the partition.</param>
/// <param name="Number">Number of the last message in the log; null before the first.</param>
/// <param name="Lag">Messages of the broker that are not in the log yet, when it was asked last.</param>
/// <param name="Messages">Messages taken since the process started.</param>
/// <param name="Unreadable">Of these, messages or parts of them that no event could be read from: dead letters.</param>
/// <param name="Missing">Messages that were gone before they were read, and were skipped, since the process started.</param>
/// <param name="Problem">Why it cannot be read now; null while it can.</param>
public sealed record SourceAnswer(string Source, string Partition, long? Number, long Lag, long Messages, long Unreadable, long Missing,
    string? Problem)
{
    internal static SourceAnswer Of(SourceProgress p) => new(p.Partition.Source, p.Partition.Partition, p.Number < 0 ? null : p.Number,
        p.Lag, p.Messages, p.Unreadable, p.Missing, p.Problem);
}

/// <summary>Where the publishing of one feed to a broker stands.</summary>
/// <param name="Sink">Name of the sink.</param>
/// <param name="Feed">`alerts`, or `forecasts of` a stream.</param>
/// <param name="Number">Number of the last item of the feed that is behind us; null before the first.</param>
/// <param name="Published">Messages that the broker took since the process started.</param>
/// <param name="Missed">Items that were not published since then: gone from the feed, or refused for good by the broker.</param>
/// <param name="Problem">Why it cannot be published to now; null while it can.</param>
public sealed record SinkAnswer(string Sink, string Feed, long? Number, long Published, long Missed, string? Problem)
{
    internal static SinkAnswer Of(SinkProgress p) => new(p.Partition.Source[AlertRetention.SinkPrefix.Length..], p.Partition.Partition,
        p.Number < 0 ? null : p.Number, p.Published, p.Missed, p.Problem);
}

/// <summary>How well kinds of streams were told, label by label, by the forecast that stood before each.</summary>
/// <param name="Count">Labels that the means are over.</param>
/// <param name="Accuracy">Share of them whose kind was the likeliest.</param>
/// <param name="LogLoss">Mean negative log probability of the kinds that came, nats.</param>
public sealed record LabelScoresAnswer(long Count, double Accuracy, double LogLoss);

/// <summary>Mean scores of live forecasts, nats an event, lower is better. Null before the first scored event.</summary>
public sealed record ScoresAnswer
{
    /// <summary>Events that the means are over, each scored by the forecast that stood before it.</summary>
    public required long Events { get; init; }

    /// <summary>Mean negative log-likelihood of time, mark and values together.</summary>
    public required double? Nll { get; init; }

    /// <summary>Part of the inter-event time.</summary>
    public required double? NllTime { get; init; }

    /// <summary>Part of the mark.</summary>
    public required double? NllMark { get; init; }

    /// <summary>The same as `nll` for the baseline that knows no history.</summary>
    public required double? BaselineNll { get; init; }

    /// <summary>The baseline's part of the inter-event time.</summary>
    public required double? BaselineNllTime { get; init; }

    /// <summary>The baseline's part of the mark.</summary>
    public required double? BaselineNllMark { get; init; }

    /// <summary>Part of the values: which came, and the density of each per deviation of training. Left out where none are forecast.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllValue { get; init; }

    /// <summary>The baseline's part of the values.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BaselineNllValue { get; init; }

    /// <summary>How well the kinds of streams were told before their labels came. Left out before the first label.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LabelScoresAnswer? Labels { get; init; }

    internal static ScoresAnswer Of(ScoreTotals totals) => new()
    {
        Events = totals.Events,
        Nll = Mean(totals.Joint, totals.Events),
        NllTime = Mean(totals.Time, totals.Events),
        NllMark = Mean(totals.Mark, totals.Events),
        NllValue = totals.Value == 0 ? null : Mean(totals.Value, totals.Events),
        BaselineNllValue = totals.BaselineValue == 0 ? null : Mean(totals.BaselineValue, totals.Events),
        Labels = totals.Labels.Count == 0 ? null : new LabelScoresAnswer(totals.Labels.Count, totals.Labels.Hits / totals.Labels.Count,
            -totals.Labels.Log / totals.Labels.Count),
        BaselineNll = Mean(totals.BaselineJoint, totals.Events),
        BaselineNllTime = Mean(totals.BaselineTime, totals.Events),
        BaselineNllMark = Mean(totals.BaselineMark, totals.Events),
    };

    private static double? Mean(double sum, long events)
    {
        double mean = -sum / events;
        return double.IsFinite(mean) ? mean : null;
    }
}
