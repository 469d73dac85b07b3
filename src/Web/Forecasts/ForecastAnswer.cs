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

    /// <summary>Expected number of events within the horizon, from sampled paths. Null when not asked for, or too large for a double.</summary>
    public required double? ExpectedCount { get; init; }

    /// <summary>The likeliest marks of the next event, given that one comes, most likely first. Empty when the model knows no marks.</summary>
    public required IReadOnlyList<MarkChance> Marks { get; init; }

    /// <summary>All other marks that the model knows; with `marks` they sum to 1.</summary>
    public required OtherMarks OtherMarks { get; init; }

    /// <summary>Answers a question about one stream.</summary>
    /// <exception cref="BeforeLastEventException">The question names a time before the stream's last event.</exception>
    internal static ForecastAnswer Create(Forecaster forecaster, string stream, long lastEventTicks, ReadOnlySpan<float> state,
        ForecastQuestion question, long nowTicks)
    {
        ForecastReport report = ForecastReport.Of(forecaster, stream, lastEventTicks, state, question, nowTicks);
        return new ForecastAnswer
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
            ExpectedCount = report.ExpectedCount is { } count ? Finite(count) : null,
            Marks = [.. report.Marks.Select(m => new MarkChance(m.Mark, m.Probability))],
            OtherMarks = new OtherMarks(report.OtherMarks.Count, report.OtherMarks.Probability),
        };
    }

    /// <summary>JSON has no infinity: a value beyond a double is null in an answer. A NaN is a fault and stays one.</summary>
    internal static double? Finite(double value) => double.IsInfinity(value) ? null : value;
}

/// <summary>When the next event comes, in seconds after `at`.</summary>
public sealed record NextEvent
{
    /// <summary>Probability that no next event comes at all. Null when the model was not trained to tell (`foretell train --censored`).</summary>
    public double? Never { get; init; }

    /// <summary>Mean, seconds, given that an event comes. No wait counts beyond ten times the longest gap of training, since the far tail would rule the mean.</summary>
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
