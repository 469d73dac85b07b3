using Foretell.Hosting;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Status;

/// <summary>
/// <c>/health/startup</c>, <c>/health/ready</c> and <c>/health/live</c> for whoever starts, routes to and restarts this process;
/// <c>/health/cluster</c> for people.
/// </summary>
/// <remarks>The first three speak of this process and its roles alone: what is wrong elsewhere is mended neither by a restart here nor
/// by sending this process nothing, and every process would be taken out at once.</remarks>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup("/health").WithTags("Health");
        health.MapGet("/startup", Startup).WithName("GetHealthStartup")
            .WithSummary("Has this process what it needs to begin?").Problems(ProblemKind.NotReady);
        health.MapGet("/ready", Ready).WithName("GetHealthReady")
            .WithSummary("Can this process do its part?").Problems(ProblemKind.NotReady);
        // Liveness asks the platform nothing: a process that waits for its disk or its database gains nothing from a restart.
        health.MapGet("/live", static () => TypedResults.Ok(new HealthAnswer("live"))).WithName("GetHealthLive")
            .WithSummary("Does the process answer?");
        health.MapGet("/cluster", Cluster).WithName("GetHealthCluster")
            .WithSummary("Is all of the platform well?").Problems(ProblemKind.NotReady);
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Startup(IPlatform platform) =>
        platform.Health().Started ? TypedResults.Ok(new HealthAnswer("started")) : NotLoaded();

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Ready(IPlatform platform)
    {
        HostHealth health = platform.Health();
        return Of(health.Problems, health.Started, "ready");
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Cluster(IPlatform platform)
    {
        PlatformStatus status = platform.Status();
        return Of(status.Problems, status.Ready, "well");
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Of(IReadOnlyList<string> problems, bool isLoaded, string good) =>
        problems.Count > 0 ? Problems.Result(ProblemKind.NotReady, string.Join(' ', problems))
        : isLoaded ? TypedResults.Ok(new HealthAnswer(good))
        : NotLoaded();

    private static ProblemHttpResult NotLoaded() =>
        Problems.Result(ProblemKind.NotReady, "The streams' state is still being loaded. Ask again in a moment.");
}

/// <summary>A good answer to a health question.</summary>
/// <param name="Status">`started`, `ready`, `live` or `well`.</param>
public sealed record HealthAnswer(string Status);
