using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Admission;

/// <summary>The end of waiting for every request whose endpoint has no deadlines of its own: an answer, whatever does not answer behind
/// it.</summary>
internal static class RequestDeadline
{
    public static void Add(IServiceCollection services)
    {
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure((RequestTimeoutOptions timeouts, IOptions<ForetellWebOptions> options) =>
            timeouts.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = options.Value.RequestTimeout,
                WriteTimeoutResponse = http => WriteAsync(http, options.Value),
            });
    }

    private static Task WriteAsync(HttpContext http, ForetellWebOptions options)
    {
        http.Response.Headers.RetryAfter = Problems.RetryAfter(options);
        return Problems.Result(ProblemKind.Unavailable, $"{http.Request.Method} {http.GetEndpoint()?.DisplayName?.Split(" => ")[0].Replace("HTTP: ", "", StringComparison.Ordinal)} "
            + $"waited for {options.RequestTimeout.TotalSeconds:0.###} s for the platform's answer: a shard, the store or the database stands still. "
            + "GET /v1/status and /health/cluster tell what is wrong; ask again later.").ExecuteAsync(http);
    }
}
