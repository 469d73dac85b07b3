using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web;

/// <summary>Names the server's span of a request by its route and adds how it ended.</summary>
/// <remarks>ASP.NET Core 10 starts the span with the request's tags and leaves these to its user.
/// Source: OpenTelemetry semantic conventions for HTTP server spans.</remarks>
internal static class RequestSpan
{
    public static void Use(WebApplication app) => app.Use(static async (context, next) =>
    {
        // Taken before the call: after a failure the context has no endpoint any more.
        string? route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        await next(context);
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span)
        {
            int status = context.Response.StatusCode;
            span.DisplayName = route is null ? context.Request.Method : $"{context.Request.Method} {route}";
            span.SetTag("http.route", route);
            span.SetTag("http.response.status_code", status);
            if (status >= 500)
            {
                span.SetTag("error.type", status.ToString());
                span.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            }
        }
    });
}
