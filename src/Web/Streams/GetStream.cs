using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Streams;

/// <summary><c>GET /v1/streams/{stream}</c>: where one stream stands.</summary>
internal static class GetStream
{
    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/streams/{stream}", HandleAsync)
        .WithName("GetStream").WithTags("Streams")
        .WithSummary("Where a stream stands")
        .WithDescription("Counts and identity of one stream's state, and how well its forecasts have done. The state's size does not grow with its events.")
        .StreamParameter()
        .Problems(ProblemKind.InvalidParameter, ProblemKind.UnknownStream, ProblemKind.Unavailable));

    private static async Task<Results<Ok<StreamAnswer>, ProblemHttpResult>> HandleAsync(
        StreamKey key, TenantPlatform platform, CancellationToken cancellationToken) =>
        await platform.FindAsync(key.Value, cancellationToken) is { } found
            ? TypedResults.Ok(new StreamAnswer(found.Stream, found.Events, QueryTime.ToUtc(found.LastEventTicks),
                platform.Forecaster.Model.Id, found.StateBytes, found.Digest(platform.Forecaster.Model), LiveAnswer.Of(found.Scores),
                AdaptedAnswer.Of(platform.Forecaster.Model, found)))
            : Problems.UnknownStream(key.Value);
}

/// <summary>Where a stream stands.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events applied to its state.</param>
/// <param name="LastEventTime">Time of the latest of them.</param>
/// <param name="Model">Id of the model that advances it.</param>
/// <param name="StateBytes">Bytes that its state takes; the same however many events it has had, but with mixer softmax.</param>
/// <param name="StateDigest">SHA-256 over model id, count, last event time and state, hex. Equal digests mean equal states.</param>
/// <param name="Live">How well its forecasts have done; null before its first scored event, which is its second.</param>
/// <param name="Adapted">How its forecasts follow what it has shown of its own; null where the model does not adapt.</param>
public sealed record StreamAnswer(
    string Stream, long Events, DateTime LastEventTime, string Model, int StateBytes, string StateDigest, LiveAnswer? Live,
    AdaptedAnswer? Adapted);
