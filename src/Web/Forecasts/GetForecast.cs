using Foretell.Engine.Events;
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
        .WithName("GetForecast").WithTags("Forecasts")
        .WithSummary("When a stream's next event comes, and what it will be")
        .WithDescription("The distribution of the next event, conditioned on the silence up to `at`. All times are seconds after `at`.")
        .StreamParameter().ForecastParameters()
        .Problems(ProblemKind.InvalidParameter, ProblemKind.BeforeLastEvent, ProblemKind.UnknownStream, ProblemKind.Unavailable));

    private static async Task<Results<Ok<ForecastAnswer>, ProblemHttpResult>> HandleAsync(StreamKey key,
        string? at, string? horizon, string? quantiles, string? expectedCount, string? paths, string? marks,
        TenantPlatform platform, TimeProvider clock, IOptions<ForetellWebOptions> options, CancellationToken cancellationToken)
    {
        ForecastQuestion question = ForecastParameters.Parse(at, horizon, quantiles, expectedCount, marks, options.Value.MaxQuantiles) with
        {
            Paths = ForecastParameters.ParsePaths(paths),
        };
        if (await platform.FindAsync(key.Value, cancellationToken) is not { } found)
        {
            return Problems.UnknownStream(key.Value);
        }
        long now = EventTime.FromDateTimeOffset(clock.GetUtcNow());
        var report = ForecastReport.Of(platform.Forecaster, found.Stream, found.LastEventTicks, found.State, question, now);
        report = ForecastReport.WithPaths(platform.Forecaster, [report], question)[0];
        return TypedResults.Ok(ForecastAnswer.Create(report, found.Stream, found.LastEventTicks, question));
    }
}
