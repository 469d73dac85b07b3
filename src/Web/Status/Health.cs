using Foretell.Hosting;
using Foretell.Web.Guards;
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
    private const string Withheld = "Something is wrong. GET /v1/status, with a key of the scope 'operate', says what; so does the host's log.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup("/health").WithTags("Health").AllowAnonymous();
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

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Ready(HttpContext http, KeyRing keys, IPlatform platform)
    {
        HostHealth health = platform.Health();
        return Of(health.Problems, health.Started, "ready", MayKnow(http, keys));
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Cluster(HttpContext http, KeyRing keys, IPlatform platform)
    {
        PlatformStatus status = platform.Status();
        return Of(status.Problems, status.Ready, "well", MayKnow(http, keys));
    }

    private static Results<Ok<HealthAnswer>, ProblemHttpResult> Of(
        IReadOnlyList<string> problems, bool isLoaded, string good, bool mayKnow) =>
        problems.Count > 0 ? Problems.Result(ProblemKind.NotReady, mayKnow ? string.Join(' ', problems) : Withheld)
        : isLoaded ? TypedResults.Ok(new HealthAnswer(good))
        : NotLoaded();

    /// <summary>Probes have no key and need no reason; the reasons name disks, brokers and machines.</summary>
    private static bool MayKnow(HttpContext http, KeyRing keys) =>
        !keys.IsRequired || http.User.HasClaim(ClientIdentity.ScopeClaim, Scope.Operate);

    private static ProblemHttpResult NotLoaded() =>
        Problems.Result(ProblemKind.NotReady, "The streams' state is still being loaded. Ask again in a moment.");
}

/// <summary>A good answer to a health question.</summary>
/// <param name="Status">`started`, `ready`, `live` or `well`.</param>
public sealed record HealthAnswer(string Status);
