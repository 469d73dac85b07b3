using Foretell.Hosting;

namespace Foretell.Grains.Contracts;

/// <summary>A stream's address in the cluster. Its key is the stream key; its state is its row in its shard.</summary>
/// <remarks>Comes to life when somebody talks to it, on the silo of its shard; millions of streams need none.</remarks>
[Alias("foretell.stream")]
public interface IStreamGrain : IGrainWithStringKey
{
    /// <summary>Appends an event to the log and returns once it is durable.</summary>
    /// <param name="observed">What happened.</param>
    /// <returns>Position token that includes the event.</returns>
    /// <exception cref="ArgumentException">The event is not well formed; the message says why.</exception>
    [Alias("observe"), ResponseTimeout("00:00:10")]
    Task<string> Observe(ObservedEvent observed);

    /// <summary>The stream's state, or null when it has no applied event.</summary>
    [Alias("status"), ResponseTimeout("00:00:04")]
    Task<StreamState?> Status();

    /// <summary>When the next event comes, what it will be and how much, or null when no event has been applied.</summary>
    /// <exception cref="ArgumentException">The request names a moment before the stream's latest event.</exception>
    [Alias("forecast"), ResponseTimeout("00:00:04")]
    Task<StreamForecast?> Forecast(ForecastRequest request);

    /// <summary>Has every change of the stream pushed to a gateway for the next ten seconds; whoever still listens then asks
    /// again.</summary>
    /// <param name="gateway">Key of the Orleans stream "foretell.forecasts" that takes the changes.</param>
    /// <returns>Where the stream stands.</returns>
    [Alias("subscribe"), ResponseTimeout("00:00:04")]
    Task<Subscribed> Subscribe(string gateway);
}

/// <summary>An event of the stream that is told.</summary>
/// <param name="TimeTicks">Event time, ticks of 100 ns since 1970.</param>
/// <param name="Mark">What happened, or null.</param>
/// <param name="EventId">Event id, or null.</param>
[GenerateSerializer, Immutable, Alias("foretell.observed-event")]
public sealed record ObservedEvent(
    [property: Id(0)] long TimeTicks,
    [property: Id(1)] string? Mark = null,
    [property: Id(2)] string? EventId = null)
{
    /// <summary>Its values; null for none.</summary>
    [Id(3)] public ObservedValue[]? Values { get; init; }

    /// <summary>What kind of stream it is: a label, in the place of mark and values; null for an event.</summary>
    [Id(4)] public string? Label { get; init; }
}

/// <summary>A value of an event.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">The number, finite.</param>
[GenerateSerializer, Immutable, Alias("foretell.observed-value")]
public sealed record ObservedValue([property: Id(0)] string Name, [property: Id(1)] double Number);

/// <summary>What a forecast should tell.</summary>
/// <param name="AtTicks">Moment to forecast from; null for now, or for the latest event where that lies ahead of now. No moment
/// before the latest event.</param>
/// <param name="HorizonSeconds">Window of <see cref="StreamForecast.ProbabilityWithinHorizon"/>.</param>
/// <param name="Quantiles">Probabilities within (0, 1).</param>
/// <param name="Marks">How many of the likeliest marks to name; null for all, as clients of the release before want it.</param>
[GenerateSerializer, Immutable, Alias("foretell.forecast-request")]
public sealed record ForecastRequest(
    [property: Id(0)] long? AtTicks,
    [property: Id(1)] double HorizonSeconds,
    [property: Id(2)] double[] Quantiles,
    [property: Id(3)] int? Marks = ForecastQuestion.DefaultMarks);

/// <summary>The distribution of a stream's next event.</summary>
/// <param name="AtTicks">Moment that it was made for.</param>
/// <param name="SilenceSeconds">Silence that it is conditioned on.</param>
/// <param name="LogSurvival">Log probability of that silence, nats.</param>
/// <param name="MeanSeconds">Mean time to the next event after that moment, given that one comes.</param>
/// <param name="QuantileSeconds">Seconds after that moment, by quantile asked; infinite where none may come with so much
/// probability.</param>
/// <param name="ProbabilityWithinHorizon">Probability that it comes within the horizon.</param>
/// <param name="Marks">The likeliest marks, by descending probability.</param>
/// <param name="MarkProbabilities">Their probabilities, given that an event comes.</param>
/// <param name="Never">Probability that none comes at all; null where the model does not tell, and from silos of the release
/// before.</param>
/// <param name="OtherMarks">How many marks the model knows beside these.</param>
/// <param name="OtherMarksProbability">Probability of any of those.</param>
[GenerateSerializer, Immutable, Alias("foretell.stream-forecast")]
public sealed record StreamForecast(
    [property: Id(0)] long AtTicks,
    [property: Id(1)] double SilenceSeconds,
    [property: Id(2)] double LogSurvival,
    [property: Id(3)] double MeanSeconds,
    [property: Id(4)] double[] QuantileSeconds,
    [property: Id(5)] double ProbabilityWithinHorizon,
    [property: Id(6)] string[] Marks,
    [property: Id(7)] double[] MarkProbabilities,
    [property: Id(8)] double? Never = null,
    [property: Id(9)] int OtherMarks = 0,
    [property: Id(10)] double OtherMarksProbability = 0)
{
    /// <summary>The values of the next event, given that one comes; null where the model forecasts none, and from silos of the release
    /// before.</summary>
    [Id(11)] public StreamValue[]? Values { get; init; }

    /// <summary>Kinds of stream, most likely first; null where the model tells none apart, and from silos of the release before.</summary>
    [Id(12)] public string[]? Labels { get; init; }

    /// <summary>Their probabilities.</summary>
    [Id(13)] public double[]? LabelProbabilities { get; init; }

    internal static StreamForecast Of(ForecastReport report, IReadOnlyList<double> quantiles) =>
        new(report.AtTicks, report.SilenceSeconds, report.LogSurvival, report.MeanSeconds,
        [.. report.QuantileSeconds], report.ProbabilityWithinHorizon, [.. report.Marks.Select(m => m.Mark)],
        [.. report.Marks.Select(m => m.Probability)], report.Never, report.OtherMarks.Count, report.OtherMarks.Probability)
        {
            Values = report.Values.Count == 0 ? null
                : [.. report.Values.Select(v => new StreamValue(v.Name, v.Probability, [.. quantiles.Select(v.Quantile)]))],
            Labels = report.Labels.Count == 0 ? null : [.. report.Labels.Select(l => l.Label)],
            LabelProbabilities = report.Labels.Count == 0 ? null : [.. report.Labels.Select(l => l.Probability)],
        };
}

/// <summary>One value of a stream's next event.</summary>
/// <param name="Name">The value, as events carry it.</param>
/// <param name="Probability">Probability that the event has it.</param>
/// <param name="Quantiles">By quantile asked, given that it is there.</param>
[GenerateSerializer, Immutable, Alias("foretell.stream-value")]
public sealed record StreamValue(
    [property: Id(0)] string Name,
    [property: Id(1)] double Probability,
    [property: Id(2)] double[] Quantiles);
