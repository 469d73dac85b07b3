using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Streams;

/// <summary><c>GET /v1/dead-letters</c>: the accepted events that could not be applied.</summary>
internal static class GetDeadLetters
{
    private const int DefaultLimit = 100;

    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/dead-letters", HandleAsync)
        .WithName("GetDeadLetters").WithTags("Streams")
        .WithSummary("Accepted events that could not be applied")
        .WithDescription("Newest first. Every event of the log is applied once or is here, with its reason: `late` or `future`.")
        .LimitParameter(DefaultLimit)
        .Problems(ProblemKind.InvalidParameter, ProblemKind.Unavailable));

    private static async Task<Ok<DeadLettersAnswer>> HandleAsync(string? limit,
        TenantPlatform platform, IOptions<ForetellWebOptions> options, CancellationToken cancellationToken)
    {
        var letters = await platform.DeadLettersAsync(Limit.Parse(limit, DefaultLimit, options.Value.MaxLimit), cancellationToken);
        return TypedResults.Ok(new DeadLettersAnswer([.. letters.Select(l => new DeadLetterItem(l.Partition, l.Sequence,
            l.Stream, QueryTime.ToUtc(l.TimeTicks), l.Mark, l.Id, QueryTime.ToUtc(l.AppendTicks), l.Reason, l.Detail))]));
    }
}

/// <summary>Accepted events that could not be applied.</summary>
/// <param name="DeadLetters">Newest first.</param>
public sealed record DeadLettersAnswer(IReadOnlyList<DeadLetterItem> DeadLetters);

/// <summary>An event of the log that could not be applied.</summary>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Sequence">Sequence number within it.</param>
/// <param name="Stream">Stream key.</param>
/// <param name="Time">Time that the event carries.</param>
/// <param name="Mark">Its mark, or null.</param>
/// <param name="Id">Its id, or null.</param>
/// <param name="AppendTime">When the log took it.</param>
/// <param name="Reason">`late` or `future`.</param>
/// <param name="Detail">What was seen and what was expected.</param>
public sealed record DeadLetterItem(int Partition, long Sequence, string Stream, DateTime Time, string? Mark, string? Id,
    DateTime AppendTime, string Reason, string Detail);
