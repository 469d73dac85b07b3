using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Guards;

/// <summary>Notes what the audit log tells of a request, once it is answered.</summary>
internal static class AuditRequests
{
    /// <summary>Under which a request's key is named whose secret does not hold: its id only, and only where there is such a key.</summary>
    public static readonly object ClaimedClient = new();

    /// <summary>In place of a client that has not said who it is.</summary>
    private const string Nobody = "nobody";

    public static async Task RunAsync(HttpContext http, RequestDelegate next, AuditLog audit)
    {
        // Taken before the answer: while an exception is handled, and behind it, a request has no endpoint of its own any more.
        Endpoint? endpoint = http.GetEndpoint();
        bool isOperation = ScopeGuard.Of(endpoint) == Scope.Operate;
        try
        {
            await next(http);
        }
        finally
        {
            int status = http.Response.StatusCode;
            bool isRefusal = status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden
                or StatusCodes.Status429TooManyRequests;
            if (isRefusal || isOperation)
            {
                string client = http.Items.TryGetValue(ClaimedClient, out object? claimed) ? (string)claimed!
                    : http.User.FindFirstValue(ClientIdentity.Claim) ?? Nobody;
                string route = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "an address that there is not";
                audit.Add(client, ClientIdentity.AddressOf(http), $"{Method(http)} {route}", $"{status}", isRefusal);
            }
        }
    }

    /// <summary>The method, where it is a known one: a client may write anything there.</summary>
    private static string Method(HttpContext http) =>
        http.Request.Method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" ? http.Request.Method : "(other)";
}
