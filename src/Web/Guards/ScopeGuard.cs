using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Guards;

/// <summary>Which scope an endpoint needs: the name of its policy.</summary>
internal static class ScopeGuard
{
    /// <summary>Lets only clients with a scope reach the endpoints.</summary>
    public static T Needs<T>(this T endpoints, string scope) where T : IEndpointConventionBuilder =>
        endpoints.RequireAuthorization(scope);

    /// <summary>The scope that an endpoint needs; null where it is open, or there is no endpoint.</summary>
    public static string? Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<IAuthorizeData>()?.Policy;
}

/// <summary>Met by a client with the scope; by everybody while nobody needs a key. Without a scope: by whoever has a key at all.</summary>
internal sealed record ScopeRequirement(string? Scope) : IAuthorizationRequirement;

/// <summary>Judges <see cref="ScopeRequirement"/>.</summary>
internal sealed class ScopeHandler(KeyRing keys) : AuthorizationHandler<ScopeRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
    {
        bool isMet = !keys.IsRequired || (context.User.Identity?.IsAuthenticated == true
            && (requirement.Scope is not { } scope || context.User.HasClaim(ClientIdentity.ScopeClaim, scope)));
        if (isMet)
        {
            context.Succeed(requirement);
        }
        return Task.CompletedTask;
    }
}
