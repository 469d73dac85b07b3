using Foretell.Engine.Events;
using Foretell.Models.Forecasting;

namespace Foretell.Hosting;

/// <summary>The answer to a <see cref="ForecastQuestion"/>: the one that HTTP and the stream grain both give.</summary>
/// <param name="AtTicks">Moment that the forecast stands at.</param>
/// <param name="SilenceSeconds">Seconds from the stream's last event to that moment: the silence that the forecast is conditioned
/// on.</param>
/// <param name="Survival">Probability of that silence, 0 to 1.</param>
/// <param name="LogSurvival">Its logarithm, nats.</param>
/// <param name="Never">Probability that no next event comes at all; null where the model does not tell.</param>
/// <param name="MeanSeconds">Mean time to the next event after that moment, given that one comes.</param>
/// <param name="MedianSeconds">Median; infinite where none may come with so much probability.</param>
/// <param name="QuantileSeconds">The quantiles asked for, seconds after that moment; infinite likewise.</param>
/// <param name="ProbabilityWithinHorizon">Probability that the next event comes within the horizon, 0 to 1.</param>
/// <param name="Count">How many events come within the horizon; null when not asked for.</param>
/// <param name="Marks">The likeliest marks of the next event, given that one comes, by descending probability.</param>
/// <param name="Forecast">The distribution that all of it was read from, for further questions.</param>
public sealed record ForecastReport(long AtTicks, double SilenceSeconds, double Survival, double LogSurvival, double? Never,
    double MeanSeconds, double MedianSeconds, IReadOnlyList<double> QuantileSeconds, double ProbabilityWithinHorizon,
    CountForecast? Count, IReadOnlyList<MarkProbability> Marks, Forecast Forecast)
{
    /// <summary>The marks that <see cref="Marks"/> does not name: how many they are, and the probability of any of them.</summary>
    public (int Count, double Probability) OtherMarks { get; init; }

    /// <summary>Possible futures within the horizon; empty when not asked for.</summary>
    public IReadOnlyList<SampledPath> Paths { get; init; } = [];

    /// <summary>How likely each mark asked for is to come within the horizon, in the order asked; empty when not asked for.</summary>
    public IReadOnlyList<MarkWithin> Within { get; init; } = [];

    /// <summary>The values of the next event, given that one comes; empty where the model forecasts none.</summary>
    public IReadOnlyList<ValueForecast> Values { get; init; } = [];

    /// <summary>What the events within the horizon add up to in each value; empty where the model forecasts none or counts are not asked
    /// for.</summary>
    public IReadOnlyList<ValueSum> Sums { get; init; } = [];

    /// <summary>What kind of stream it is or becomes, most likely first; empty where the model tells none apart.</summary>
    public IReadOnlyList<LabelProbability> Labels { get; init; } = [];

    /// <summary>Seconds until the stream's last event, the median and then the quantiles asked for; null where the model does not
    /// tell.</summary>
    public IReadOnlyList<double>? RemainingSeconds { get; init; }

    /// <summary>Answers a question from a stream's row, but for what needs sampled paths (<c>WithPaths</c>).</summary>
    /// <param name="forecaster">Forecasts from rows.</param>
    /// <param name="stream">Stream key, for the message of a refusal.</param>
    /// <param name="lastEventTicks">Time of its latest event.</param>
    /// <param name="state">Its row's floats; the tail is needed for sampled paths only.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="nowTicks">Now, for a question that names no moment.</param>
    /// <exception cref="BeforeLastEventException">The question names a moment before the stream's last event.</exception>
    public static ForecastReport Of(Forecaster forecaster, string stream, long lastEventTicks, ReadOnlySpan<float> state,
        ForecastQuestion question, long nowTicks)
    {
        Forecast forecast = ForecastOf(forecaster, stream, lastEventTicks, state, question.AtTicks, nowTicks, out long at);
        double silence = EventTime.SecondsBetween(lastEventTicks, at);
        IReadOnlyList<MarkProbability> marks = forecast.Marks(question.Marks, out int others, out double otherProbability);
        return new ForecastReport(at, silence, Math.Clamp(forecast.Survival, 0, 1), forecast.LogSurvival, forecast.Never,
            forecast.Mean, forecast.Quantile(0.5), [.. question.Quantiles.Select(forecast.Quantile)],
            Math.Clamp(forecast.ProbabilityWithin(question.HorizonSeconds), 0, 1),
            null, marks, forecast)
        {
            OtherMarks = (others, otherProbability),
            Values = forecast.Values(),
            Labels = forecast.Labels(),
            RemainingSeconds = forecast.TellsEnd ? [.. question.Quantiles.Prepend(0.5).Select(forecast.RemainingQuantile)] : null,
        };
    }

    /// <summary>The distribution itself, for who asks it something else.</summary>
    /// <param name="atTicks">The moment asked about; null for now.</param>
    /// <param name="at">Output: the moment that it stands at.</param>
    /// <inheritdoc cref="Of"/>
    public static Forecast ForecastOf(Forecaster forecaster, string stream, long lastEventTicks, ReadOnlySpan<float> state, long? atTicks,
        long nowTicks, out long at)
    {
        // Without an explicit time a sender's clock that runs ahead must not make its stream unanswerable.
        at = atTicks ?? Math.Max(nowTicks, lastEventTicks);
        return at < lastEventTicks ? throw new BeforeLastEventException(stream, at, lastEventTicks)
            : forecaster.Forecast(state, EventTime.SecondsBetween(lastEventTicks, at));
    }

    /// <summary>Adds what needs sampled paths, where the question asks for it: the paths of all streams advance together.</summary>
    /// <exception cref="ArgumentException">A report was made of a row without its tail.</exception>
    public static IReadOnlyList<ForecastReport> WithPaths(Forecaster forecaster, IReadOnlyList<ForecastReport> reports,
        ForecastQuestion question) => WithPaths(forecaster, reports, question, new ParallelOptions());

    /// <summary>The same, with a bound on the processors that it takes, and an end when nobody waits any more.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static IReadOnlyList<ForecastReport> WithPaths(Forecaster forecaster, IReadOnlyList<ForecastReport> reports,
        ForecastQuestion question, ParallelOptions options)
    {
        Forecast[] forecasts = [.. reports.Select(r => r.Forecast)];
        IReadOnlyList<CountForecast>? counts =
            question.ExpectedCount ? forecaster.Counts(forecasts, question.HorizonSeconds, options) : null;
        IReadOnlyList<IReadOnlyList<ValueSum>>? sums =
            question.ExpectedCount ? forecaster.Sums(forecasts, question.HorizonSeconds, options) : null;
        IReadOnlyList<IReadOnlyList<SampledPath>>? paths =
            question.Paths > 0 ? forecaster.Paths(forecasts, question.Paths, question.HorizonSeconds, options) : null;
        IReadOnlyList<IReadOnlyList<MarkWithin>>? within = question.WithinMarks.Count > 0
            ? forecaster.MarksWithin(forecasts, question.WithinMarks, question.HorizonSeconds, options) : null;
        return [.. reports.Select((r, i) =>
            r with { Count = counts?[i], Sums = sums?[i] ?? [], Paths = paths?[i] ?? [], Within = within?[i] ?? [] })];
    }
}

/// <summary>A forecast was asked for a moment before the stream's last event.</summary>
public sealed class BeforeLastEventException(string stream, long atTicks, long lastEventTicks) : ArgumentException(
    $"'at' is {Text(atTicks)}, but the last event of '{stream}' came later, at {Text(lastEventTicks)}. "
    + "A forecast stands at or after the last event: ask for that time or later, or leave out 'at'.")
{
    private static string Text(long ticks) =>
        EventTime.ToDateTimeOffset(ticks).UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
}
