using System.Text.Json.Serialization;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Web.Http;

namespace Foretell.Web.Forecasts;

/// <summary>The distribution of a stream's next event, given that nothing came between its last event and the moment asked about.</summary>
public sealed record ForecastAnswer
{
    /// <summary>Stream key.</summary>
    public required string Stream { get; init; }

    /// <summary>Moment that the forecast stands at. Now when the question named none; the last event when that lies ahead of now.</summary>
    public required DateTime At { get; init; }

    /// <summary>Time of the stream's latest applied event.</summary>
    public required DateTime LastEventTime { get; init; }

    /// <summary>Seconds from the last event to `at`.</summary>
    public required double SilenceSeconds { get; init; }

    /// <summary>Length of the window that `probabilityWithinHorizon` and `expectedCount` refer to, seconds.</summary>
    public required double HorizonSeconds { get; init; }

    /// <summary>When the next event comes.</summary>
    public required NextEvent Next { get; init; }

    /// <summary>Probability that nothing would have come by `at`: 1 right after an event; the longer the next is overdue, the nearer to 0, or to the probability that it never comes.</summary>
    public required double Survival { get; init; }

    /// <summary>Its natural logarithm, which still tells streams apart where `survival` is too small for a double. Null when even that is too small.</summary>
    public required double? LogSurvival { get; init; }

    /// <summary>Probability that the next event comes within the horizon.</summary>
    public required double ProbabilityWithinHorizon { get; init; }

    /// <summary>Expected number of events within the horizon: the mean of `count`. Null when not asked for, or too large for a double.</summary>
    public required double? ExpectedCount { get; init; }

    /// <summary>How many events come within the horizon, from sampled paths. Null when not asked for.</summary>
    public required CountAnswer? Count { get; init; }

    /// <summary>Possible futures within the horizon. Null when not asked for.</summary>
    public required IReadOnlyList<PathAnswer>? Paths { get; init; }

    /// <summary>The likeliest marks of the next event, given that one comes, most likely first. Empty when the model knows no marks.</summary>
    public required IReadOnlyList<MarkChance> Marks { get; init; }

    /// <summary>All other marks that the model knows; with `marks` they sum to 1.</summary>
    public required OtherMarks OtherMarks { get; init; }

    /// <summary>How likely each mark asked for with `within` is to come within the horizon, from sampled paths. Left out when not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<WithinAnswer>? Within { get; init; }

    /// <summary>When the stream's last event comes. Left out where the model was not trained on whole streams (`foretell train --whole`).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RemainingAnswer? Remaining { get; init; }

    /// <summary>How much: the values of the next event, given that one comes. Left out where the model forecasts none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ValueAnswer>? Values { get; init; }

    /// <summary>What the events within the horizon add up to in each value, from sampled paths. Left out where the model forecasts none, and when `expectedCount` is not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SumAnswer>? Sums { get; init; }

    /// <summary>What kind of stream it is or becomes, most likely first; they sum to 1. Left out where the model tells none apart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelChance>? Label { get; init; }

    /// <summary>Answers a question about one stream.</summary>
    internal static ForecastAnswer Create(ForecastReport report, string stream, long lastEventTicks, ForecastQuestion question) => new()
    {
        Stream = stream,
        At = QueryTime.ToUtc(report.AtTicks),
        LastEventTime = QueryTime.ToUtc(lastEventTicks),
        SilenceSeconds = report.SilenceSeconds,
        HorizonSeconds = question.HorizonSeconds,
        Next = new NextEvent
        {
            Never = report.Never,
            Mean = Finite(report.MeanSeconds),
            Median = Finite(report.MedianSeconds),
            Quantiles = [.. question.Quantiles.Zip(report.QuantileSeconds, (p, seconds) => new QuantileValue(p, Finite(seconds)))],
        },
        Survival = report.Survival,
        LogSurvival = Finite(report.LogSurvival),
        ProbabilityWithinHorizon = report.ProbabilityWithinHorizon,
        ExpectedCount = report.Count is { } count ? Finite(count.Mean) : null,
        Count = report.Count is { } distribution ? CountAnswer.Of(distribution, question.Quantiles) : null,
        Paths = question.Paths == 0 ? null : [.. report.Paths.Select(PathAnswer.Of)],
        Marks = [.. report.Marks.Select(m => new MarkChance(m.Mark, m.Probability))],
        OtherMarks = new OtherMarks(report.OtherMarks.Count, report.OtherMarks.Probability),
        Within = question.WithinMarks.Count == 0 ? null : [.. report.Within.Select(WithinAnswer.Of)],
        Remaining = report.RemainingSeconds is not { } remaining ? null
            : new RemainingAnswer(Finite(remaining[0]),
                [.. question.Quantiles.Zip(remaining.Skip(1), (p, seconds) => new QuantileValue(p, Finite(seconds)))]),
        Values = report.Values.Count == 0 ? null : [.. report.Values.Select(v => ValueAnswer.Of(v, question.Quantiles))],
        Sums = report.Sums.Count == 0 ? null : [.. report.Sums.Select(s => SumAnswer.Of(s, question.Quantiles))],
        Label = report.Labels.Count == 0 ? null : [.. report.Labels.Select(l => new LabelChance(l.Label, l.Probability))],
    };

    /// <summary>JSON has no infinity: a value beyond a double is null in an answer. A NaN is a fault and stays one.</summary>
    internal static double? Finite(double value) => double.IsInfinity(value) ? null : value;
}

/// <summary>How many events come within the horizon.</summary>
/// <param name="Mean">Expected number. Null when too large for a double.</param>
/// <param name="StandardError">Standard error of the mean by the sampling: how far it may be from the model's own mean. A request has a budget of steps, which goes where this is largest.</param>
/// <param name="Quantiles">The quantiles asked for, in the order asked.</param>
public sealed record CountAnswer(double? Mean, double? StandardError, IReadOnlyList<CountQuantile> Quantiles)
{
    internal static CountAnswer Of(CountForecast count, IReadOnlyList<double> quantiles) =>
        new(ForecastAnswer.Finite(count.Mean), ForecastAnswer.Finite(count.StandardError),
            [.. quantiles.Select(p => new CountQuantile(p, ForecastAnswer.Finite(count.Quantile(p))))]);
}

/// <summary>One quantile of the number of events.</summary>
/// <param name="Probability">Probability that no more events come.</param>
/// <param name="Count">Number of events. Null when too large for a double.</param>
public sealed record CountQuantile(double Probability, double? Count);

/// <summary>One possible future of the stream, as likely as any other one of the answer.</summary>
/// <param name="Events">Its events within the horizon, in order.</param>
/// <param name="UntilSeconds">Seconds after `at` up to which it was followed: the horizon, or less where its events were too many.</param>
public sealed record PathAnswer(IReadOnlyList<PathEvent> Events, double UntilSeconds)
{
    internal static PathAnswer Of(SampledPath path) =>
        new([.. path.Events.Select(PathEvent.Of)], path.Until);
}

/// <summary>One event of a possible future.</summary>
/// <param name="Seconds">Seconds after `at`.</param>
/// <param name="Mark">Its mark; empty when the model knows no marks.</param>
public sealed record PathEvent(double Seconds, string Mark)
{
    /// <summary>Its values in the order of the answer's `values`, null for one that it has not. Left out where the model forecasts none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double?>? Values { get; init; }

    internal static PathEvent Of(SampledEvent e) => new(e.Seconds, e.Mark)
    {
        Values = e.Values is null ? null : [.. e.Values.Select(v => double.IsNaN(v) ? (double?)null : v)],
    };
}

/// <summary>How likely a mark is to come within the horizon.</summary>
/// <param name="Mark">The mark as events carry it.</param>
/// <param name="Probability">Probability that at least one event of it comes, 0 to 1.</param>
/// <param name="ExpectedCount">Expected number of events of it. Null when too large for a double.</param>
/// <param name="StandardError">Standard error of the probability by the sampling.</param>
public sealed record WithinAnswer(string Mark, double Probability, double? ExpectedCount, double StandardError)
{
    internal static WithinAnswer Of(MarkWithin within) =>
        new(within.Mark, within.Probability, ForecastAnswer.Finite(within.ExpectedCount), within.StandardError);
}

/// <summary>When the stream's last event comes, seconds after `at`; 0 where it has come already. That it has come is as likely as `next.never` says.</summary>
/// <param name="Median">Median, seconds. Null when too large for a double.</param>
/// <param name="Quantiles">The quantiles asked for, in the order asked.</param>
public sealed record RemainingAnswer(double? Median, IReadOnlyList<QuantileValue> Quantiles);

/// <summary>One value of the next event, given that one comes.</summary>
/// <param name="Name">The value, as events carry it.</param>
/// <param name="Probability">Probability that the event has it.</param>
/// <param name="Mean">Mean, given that it is there. Null when too large for a double.</param>
/// <param name="Quantiles">The quantiles asked for, in the order asked, given that it is there.</param>
public sealed record ValueAnswer(string Name, double Probability, double? Mean, IReadOnlyList<ValueQuantile> Quantiles)
{
    internal static ValueAnswer Of(ValueForecast value, IReadOnlyList<double> quantiles) =>
        new(value.Name, value.Probability, ForecastAnswer.Finite(value.Mean),
            [.. quantiles.Select(p => new ValueQuantile(p, ForecastAnswer.Finite(value.Quantile(p))))]);
}

/// <summary>What the events within the horizon add up to in one value.</summary>
/// <param name="Name">The value, as events carry it.</param>
/// <param name="Mean">Mean of the sum. Null when too large for a double.</param>
/// <param name="StandardError">Standard error of the mean by the sampling.</param>
/// <param name="Quantiles">The quantiles asked for, in the order asked.</param>
public sealed record SumAnswer(string Name, double? Mean, double? StandardError, IReadOnlyList<ValueQuantile> Quantiles)
{
    internal static SumAnswer Of(ValueSum sum, IReadOnlyList<double> quantiles) =>
        new(sum.Name, ForecastAnswer.Finite(sum.Mean), ForecastAnswer.Finite(sum.StandardError),
            [.. quantiles.Select(p => new ValueQuantile(p, ForecastAnswer.Finite(sum.Quantile(p))))]);
}

/// <summary>One quantile of a value or of a sum.</summary>
/// <param name="Probability">Probability that it is not exceeded.</param>
/// <param name="Value">In the unit in which events carry it. Null when too large for a double.</param>
public sealed record ValueQuantile(double Probability, double? Value);

/// <summary>Probability of one kind of stream.</summary>
/// <param name="Name">The kind, as labels name it.</param>
/// <param name="Probability">Its probability, 0 to 1.</param>
public sealed record LabelChance(string Name, double Probability);

/// <summary>When the next event comes, in seconds after `at`.</summary>
public sealed record NextEvent
{
    /// <summary>Probability that no next event comes at all. Null when the model was not trained to tell (`foretell train --censored`).</summary>
    public double? Never { get; init; }

    /// <summary>Mean, seconds, given that an event comes. No wait counts beyond ten times the longest gap of training, or ten times the median where that is longer, since the far tail would rule the mean.</summary>
    public required double? Mean { get; init; }

    /// <summary>Median, seconds. Null when too large for a double, and when the event has not come at any time with a probability of one half.</summary>
    public required double? Median { get; init; }

    /// <summary>The quantiles asked for, in the order asked.</summary>
    public required IReadOnlyList<QuantileValue> Quantiles { get; init; }
}

/// <summary>One quantile of the time to the next event.</summary>
/// <param name="Probability">Probability that the event has come by then.</param>
/// <param name="Seconds">Seconds after `at`. Null when too large for a double, and when the event comes with a smaller probability, however long one waits.</param>
public sealed record QuantileValue(double Probability, double? Seconds);

/// <summary>Probability of one mark.</summary>
/// <param name="Mark">The mark as events carry it.</param>
/// <param name="Probability">Its probability, 0 to 1.</param>
public sealed record MarkChance(string Mark, double Probability);

/// <summary>The marks that an answer does not name.</summary>
/// <param name="Count">How many they are.</param>
/// <param name="Probability">Probability that the next event has one of them, 0 to 1.</param>
public sealed record OtherMarks(int Count, double Probability);
