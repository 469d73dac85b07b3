using Foretell.Hosting;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Status;

/// <summary><c>/health/startup</c>, <c>/health/ready</c> and <c>/health/live</c>, for whoever starts, restarts and routes to this process.</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup("/health").WithTags("Health");
        health.MapGet("/startup", Startup).WithName("GetHealthStartup")
            .WithSummary("Has the platform loaded its state?").Problems(ProblemKind.NotReady);
        health.MapGet("/ready", Ready).WithName("GetHealthReady")
            .WithSummary("Can the platform take requests?").Problems(ProblemKind.NotReady);
        // Liveness asks the platform nothing: a process that waits for its disk or its database gains nothing from a restart.
        health.MapGet("/live", static () => TypedResults.Ok(new HealthAnswer("live"))).WithName("GetHealthLive")
            .WithSummary("Does the process answer?");
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Startup(IPlatform platform) =>
        platform.Status().Ready ? TypedResults.Ok(new HealthAnswer("started")) : NotLoaded();

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Ready(IPlatform platform)
    {
        PlatformStatus status = platform.Status();
        if (status.Problems.Count > 0)
        {
            return Problems.Result(ProblemKind.NotReady, string.Join(' ', status.Problems));
        }
        return status.Ready ? TypedResults.Ok(new HealthAnswer("ready")) : NotLoaded();
    }

    private static ProblemHttpResult NotLoaded() =>
        Problems.Result(ProblemKind.NotReady, "The streams' state is still being loaded. Ask again in a moment.");
}

/// <summary>A good answer to a health question.</summary>
/// <param name="Status">`started`, `ready` or `live`.</param>
public sealed record HealthAnswer(string Status);
