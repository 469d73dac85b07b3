using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Hosting;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Forecasts;

/// <summary><c>GET /v1/streams/{stream}/forecast</c>: the forecast of one stream.</summary>
internal static class GetForecast
{
    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/streams/{stream}/forecast", HandleAsync)
        .OwnDeadlines()
        .WithName("GetForecast").WithTags("Forecasts")
        .WithSummary("When a stream's next event comes, what it will be, and how much")
        .WithDescription("The distribution of the next event, conditioned on the silence up to `at`. All times are seconds after `at`.")
        .StreamParameter().ForecastParameters()
        .Problems(ProblemKind.InvalidParameter, ProblemKind.BeforeLastEvent, ProblemKind.UnknownStream,
            ProblemKind.TooManyRequests, ProblemKind.Unavailable, ProblemKind.Overloaded));

    private static async Task<Results<Ok<ForecastAnswer>, ProblemHttpResult>> HandleAsync(StreamKey key,
        string? at, string? horizon, string? quantiles, string? expectedCount, string? paths, string? marks, string? within,
        HttpContext http, TenantPlatform platform, ForecastWork work, TimeProvider clock,
        IOptions<ForetellWebOptions> limits, CancellationToken cancellationToken)
    {
        ForecastQuestion question = ForecastParameters.Parse(at, horizon, quantiles, expectedCount, marks, limits.Value.MaxQuantiles) with
        {
            Paths = ForecastParameters.ParsePaths(paths),
            WithinMarks = ForecastParameters.ParseWithin(within, platform.Forecaster.Model.Config),
        };
        return await work.RunAsync<StreamSnapshot?, Results<Ok<ForecastAnswer>, ProblemHttpResult>>(http,
            ForecastWork.StepsOf(question, 1, platform.Forecaster.Model.ValueCount),
            async cancellation => await platform.FindAsync(key.Value, cancellation), Answer, cancellationToken);

        Results<Ok<ForecastAnswer>, ProblemHttpResult> Answer(StreamSnapshot? stream, ParallelOptions options)
        {
            if (stream is not { } found)
            {
                return Problems.UnknownStream(key.Value);
            }
            long now = EventTime.FromDateTimeOffset(clock.GetUtcNow());
            var report = ForecastReport.Of(platform.Forecaster, found.Stream, found.LastEventTicks, found.Served, question, now);
            report = ForecastReport.WithPaths(platform.Forecaster, [report], question, options)[0];
            return TypedResults.Ok(ForecastAnswer.Create(report, found.Stream, found.LastEventTicks, question));
        }
    }
}
