using System.Text.Json.Serialization;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Web.Forecasts;
using Foretell.Web.Http;

namespace Foretell.Web.Feeds;

/// <summary>The data of a server-sent event; the event's name says which kind it is.</summary>
[JsonDerivedType(typeof(ForecastEvent))]
[JsonDerivedType(typeof(AlertEvent))]
[JsonDerivedType(typeof(MissedEvent))]
[JsonDerivedType(typeof(ProblemEvent))]
public abstract record FeedEvent;

/// <summary><c>event: forecast</c>: a stream's forecast as it stands right after one of its events.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events applied, this one included: the event's id in the feed.</param>
/// <param name="Position">Position token of the event in the log.</param>
/// <param name="Forecast">The forecast at the time of the last event.</param>
public sealed record ForecastEvent(string Stream, long Events, string Position, ForecastAnswer Forecast) : FeedEvent
{
    internal static ForecastEvent Of(Forecaster forecaster, ForecastChange change, ForecastQuestion question)
    {
        ForecastQuestion now = question with { AtTicks = change.LastEventTicks };
        var report = ForecastReport.Of(forecaster, change.Stream, change.LastEventTicks, change.State, now, change.LastEventTicks);
        var forecast = ForecastAnswer.Create(report, change.Stream, change.LastEventTicks, now);
        return new ForecastEvent(change.Stream, change.Events, new Position([(change.Partition, change.Sequence)]).ToString(), forecast);
    }
}

/// <summary><c>event: alert</c>: a stream is overdue. The same `stream` with the same `events` again is a repeat.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events that the stream has had: the silence is the one after that many.</param>
/// <param name="LastEventTime">Time of the latest of them.</param>
/// <param name="At">When the silence was found too long.</param>
/// <param name="SilenceSeconds">Seconds from the last event to `at`.</param>
/// <param name="Survival">Probability that nothing would have come by `at`, given that a next event comes at all.</param>
/// <param name="LogSurvival">Its natural logarithm. Null when too small for a double.</param>
/// <param name="Threshold">Probability below which a stream is overdue.</param>
public sealed record AlertEvent(string Stream, long Events, DateTime LastEventTime, DateTime At, double SilenceSeconds,
    double Survival, double? LogSurvival, double Threshold) : FeedEvent
{
    internal static AlertEvent Of(Alert alert) =>
        new(alert.Stream, alert.Events, QueryTime.ToUtc(alert.LastEventTicks), QueryTime.ToUtc(alert.AtTicks),
            EventTime.SecondsBetween(alert.LastEventTicks, alert.AtTicks), Math.Exp(alert.LogSurvival),
            ForecastAnswer.Finite(alert.LogSurvival), alert.Threshold);
}

/// <summary><c>event: missed</c>: events are missing here, because the reader was slow or came back late.</summary>
/// <param name="Missed">How many. Null when nobody knows.</param>
/// <param name="Detail">What can be done about it.</param>
public sealed record MissedEvent(long? Missed, string Detail) : FeedEvent;

/// <summary><c>event: problem</c>: the feed ends here. As a problem answer says it (RFC 9457).</summary>
/// <param name="Type">Kind of problem, a URN.</param>
/// <param name="Title">The same sentence for every problem of the kind.</param>
/// <param name="Status">Status that a request would be answered with now.</param>
/// <param name="Detail">What happened.</param>
public sealed record ProblemEvent(string Type, string Title, int Status, string Detail) : FeedEvent;
