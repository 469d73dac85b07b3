using System.Text.Json.Serialization;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Web.Admission;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Forecasts;

/// <summary><c>POST /v1/forecasts</c>: the forecasts of many streams in one call.</summary>
internal static class PostForecasts
{
    // A thousand keys of 256 bytes, written as JSON escapes, are less.
    private const long MaxBodyBytes = 2 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes, long maxBodyBytes) => ReadYourWrites.Add(routes
        .MapPost("/v1/forecasts", HandleAsync)
        .OwnDeadlines()
        .WithName("PostForecasts").WithTags("Forecasts")
        .WithSummary("The forecasts of many streams in one call")
        .WithDescription("Answers in the order asked. A stream that cannot be answered (unknown, or its last event is later than `at`) has a `problem` in place of its `forecast` and does not sink its neighbours.")
        .Body("application/json", """{"streams":["shop-1/customer-7","machine-3"],"horizon":"1h","quantiles":[0.1,0.5,0.9]}""")
        .WithMetadata(new BoundBody(Math.Min(maxBodyBytes, MaxBodyBytes)))
        .Problems(ProblemKind.MalformedBody, ProblemKind.InvalidParameter, ProblemKind.BodyTooLarge,
            ProblemKind.UnsupportedMediaType, ProblemKind.BodyTooSlow, ProblemKind.TooManyRequests, ProblemKind.Unavailable,
            ProblemKind.Overloaded));

    private static async Task<Ok<ForecastsAnswer>> HandleAsync(ForecastsRequest? request, HttpContext http,
        TenantPlatform platform, ForecastWork work, TimeProvider clock, IOptions<ForetellWebOptions> options,
        CancellationToken cancellationToken)
    {
        if (request?.Streams is not { Count: > 0 } streams || streams.Count > options.Value.MaxStreamsPerCall)
        {
            throw RequestException.Parameters("streams",
                $"'streams' must name 1 to {options.Value.MaxStreamsPerCall} streams, got {request?.Streams?.Count ?? 0}.");
        }
        ForecastQuestion question = ForecastParameters.Parse(request.At, request.Horizon, null, null, null, 0) with
        {
            ExpectedCount = request.ExpectedCount ?? true,
            Marks = ForecastParameters.CheckMarks(request.Marks ?? ForecastQuestion.DefaultMarks),
            Quantiles = ForecastParameters.CheckQuantiles(request.Quantiles, options.Value.MaxQuantiles),
            Paths = ForecastParameters.CheckPaths(request.Paths ?? 0, streams.Count),
            WithinMarks = ForecastParameters.CheckWithin(request.Within, platform.Forecaster.Model.Config),
        };
        // One moment for all of them, so that the answers can be compared.
        long now = EventTime.FromDateTimeOffset(clock.GetUtcNow());
        return await work.RunAsync(http, ForecastWork.StepsOf(question, streams.Count, platform.Forecaster.Model.ValueCount),
            FindAllAsync, Compute, cancellationToken);

        async Task<Found[]> FindAllAsync(CancellationToken cancellation)
        {
            var found = new Found[streams.Count];
            await Parallel.ForAsync(0, found.Length, cancellation,
                async (i, gone) => found[i] = await FindAsync(streams[i] ?? "", platform, gone));
            return found;
        }

        Ok<ForecastsAnswer> Compute(Found[] found, ParallelOptions parallel)
        {
            Answer[] answers = Array.ConvertAll(found, f =>
            {
                parallel.CancellationToken.ThrowIfCancellationRequested();
                return Report(f, question, now, platform.Forecaster);
            });
            // One budget of sampled paths for all streams, which advance together.
            ForecastReport[] known = [.. answers.Select(a => a.Report).OfType<ForecastReport>()];
            var reports = new Queue<ForecastReport>(ForecastReport.WithPaths(platform.Forecaster, known, question, parallel));
            return TypedResults.Ok(new ForecastsAnswer([.. answers.Select(a => a.Report is null
                ? new ForecastItem(a.Stream, null, a.Problem)
                : new ForecastItem(a.Stream, ForecastAnswer.Create(reports.Dequeue(), a.Stream, a.LastEventTicks, question), null))]));
        }
    }

    private static async ValueTask<Found> FindAsync(string stream, TenantPlatform platform, CancellationToken cancellationToken)
    {
        try
        {
            return await platform.FindAsync(stream, cancellationToken) is { } found
                ? new Found(stream, found, null)
                : new Found(stream, null, ItemProblem.Of(ProblemKind.UnknownStream, Problems.UnknownStreamDetail(stream)));
        }
        catch (PlatformUnavailableException e)
        {
            return new Found(stream, null, ItemProblem.Of(ProblemKind.Unavailable, e.Message));
        }
    }

    private static Answer Report(Found found, ForecastQuestion question, long now, Forecaster forecaster)
    {
        if (found.Snapshot is not { } stream)
        {
            return new Answer(found.Stream, null, 0, found.Problem);
        }
        try
        {
            ForecastReport report =
                ForecastReport.Of(forecaster, stream.Stream, stream.LastEventTicks, stream.Served, question, now);
            return new Answer(stream.Stream, report, stream.LastEventTicks, null);
        }
        catch (BeforeLastEventException e)
        {
            return new Answer(found.Stream, null, 0, ItemProblem.Of(ProblemKind.BeforeLastEvent, e.Message));
        }
    }

    /// <summary>A stream's state, or why there is none.</summary>
    private readonly record struct Found(string Stream, StreamSnapshot? Snapshot, ItemProblem? Problem);

    /// <summary>What one stream has so far: a report without its paths, or a problem.</summary>
    private readonly record struct Answer(string Stream, ForecastReport? Report, long LastEventTicks, ItemProblem? Problem);
}

/// <summary>A question about many streams. A member that is not listed here is refused: most likely it is a misspelt one.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ForecastsRequest
{
    /// <summary>Stream keys, 1 to 1000.</summary>
    public IReadOnlyList<string?>? Streams { get; init; }

    /// <summary>Moment to forecast from, RFC 3339 or Unix seconds (text or number); now when left out.</summary>
    [JsonConverter(typeof(TextOrNumberConverter))]
    public string? At { get; init; }

    /// <summary>Window of `probabilityWithinHorizon` and `expectedCount`: seconds, a number with a unit (`1h`) or ISO 8601; 1 h when
    /// left out.</summary>
    [JsonConverter(typeof(TextOrNumberConverter))]
    public string? Horizon { get; init; }

    /// <summary>Probabilities between 0 and 1, both excluded; 0.1, 0.5 and 0.9 when left out.</summary>
    public IReadOnlyList<double>? Quantiles { get; init; }

    /// <summary>False leaves `expectedCount` and `count` out, which makes a long list several times faster; true when left out.</summary>
    public bool? ExpectedCount { get; init; }

    /// <summary>Possible futures of each stream: up to 1000, and 20,000 of all streams together; none when left out.</summary>
    public int? Paths { get; init; }

    /// <summary>How many of the likeliest marks to name, 0 to 4096; the others are told as one number. 20 when left out.</summary>
    public int? Marks { get; init; }

    /// <summary>Marks of which to tell how likely one comes within the horizon, up to 64; none when left out.</summary>
    public IReadOnlyList<string?>? Within { get; init; }
}

/// <summary>The answers, in the order of the question.</summary>
/// <param name="Forecasts">One item a stream asked about.</param>
public sealed record ForecastsAnswer(IReadOnlyList<ForecastItem> Forecasts);

/// <summary>One stream's answer: a forecast, or the reason why there is none.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Forecast">The forecast, or null.</param>
/// <param name="Problem">Why there is no forecast, or null.</param>
public sealed record ForecastItem(string Stream, ForecastAnswer? Forecast, ItemProblem? Problem);

/// <summary>Why one item of a call has no answer; members as in problem details.</summary>
/// <param name="Type">URI that names the kind of problem.</param>
/// <param name="Title">The same sentence for every problem of the kind.</param>
/// <param name="Status">HTTP status that the same question about this stream alone would have.</param>
/// <param name="Detail">What was seen and what to do.</param>
public sealed record ItemProblem(string Type, string Title, int Status, string Detail)
{
    internal static ItemProblem Of(ProblemKind kind, string detail) => new(kind.Type, kind.Title, kind.Status, detail);
}
