using Foretell.Engine.Events;
using Foretell.Hosting;
using Foretell.Web.Forecasts;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Streams;

/// <summary><c>GET /v1/overdue</c>: the streams whose silence is least likely.</summary>
internal static class GetOverdue
{
    private const int DefaultLimit = 20;

    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/overdue", HandleAsync)
        .WithName("GetOverdue").WithTags("Streams")
        .WithSummary("The streams most overdue")
        .WithDescription("The streams whose silence up to `at` is least likely under their own forecasts, least likely first.")
        .LimitParameter(DefaultLimit).AtParameter()
        .Problems(ProblemKind.InvalidParameter, ProblemKind.Unavailable));

    private static async Task<Ok<OverdueAnswer>> HandleAsync(string? limit, string? at,
        IPlatform platform, TimeProvider clock, IOptions<ForetellWebOptions> options, CancellationToken cancellationToken)
    {
        int rows = Limit.Parse(limit, DefaultLimit, options.Value.MaxLimit);
        long ticks = ForecastParameters.ParseAt(at) ?? EventTime.FromDateTimeOffset(clock.GetUtcNow());
        var streams = await platform.OverdueAsync(ticks, rows, cancellationToken);
        return TypedResults.Ok(new OverdueAnswer(QueryTime.ToUtc(ticks), [.. streams.Select(s => new OverdueItem(
            s.Stream, QueryTime.ToUtc(s.LastEventTicks), s.SilenceSeconds,
            Math.Exp(s.LogSurvival), ForecastAnswer.Finite(s.LogSurvival)))]));
    }
}

/// <summary>The streams most overdue at one moment.</summary>
/// <param name="At">The moment.</param>
/// <param name="Streams">Least likely silence first.</param>
public sealed record OverdueAnswer(DateTime At, IReadOnlyList<OverdueItem> Streams);

/// <summary>A stream that has been silent for unusually long.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="LastEventTime">Time of its latest event.</param>
/// <param name="SilenceSeconds">Seconds since then.</param>
/// <param name="Survival">Probability that nothing would have come by now, given that a next event comes at all.</param>
/// <param name="LogSurvival">Its natural logarithm. Null when too small for a double.</param>
public sealed record OverdueItem(
    string Stream, DateTime LastEventTime, double SilenceSeconds, double Survival, double? LogSurvival);
