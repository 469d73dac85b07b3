using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Guards;

/// <summary>Who a request is from, as one text: what limits and budgets are kept by, and what the audit log names.</summary>
/// <remarks>Holds from authentication on, for endpoints, their filters and whatever else runs behind it. Never has a secret in it.
/// Without authentication all clients behind one address are one client, and a proxy's clients are the proxy.</remarks>
internal static class ClientIdentity
{
    /// <summary>Type of the claim that names an authenticated client.</summary>
    public const string Claim = "foretell_client";

    /// <summary>Type of the claims that say what it may do (<see cref="Scope"/>).</summary>
    public const string ScopeClaim = "foretell_scope";

    /// <summary>Type of the claim with its tenant's prefix; absent where all streams are its.</summary>
    public const string TenantClaim = "foretell_tenant";

    /// <summary>The client of a request: <c>key:4f1d...</c> for an API key's id, <c>jwt:alice</c> for a token's subject, or
    /// <c>address:10.0.0.7</c> for whoever needs no key; <c>address:local</c> where the connection has no address.</summary>
    public static string Of(HttpContext http) => http.User.FindFirstValue(Claim) ?? $"address:{AddressOf(http)}";

    /// <summary>Where a request comes from, whoever sends it; "local" where the connection has no address.</summary>
    public static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress switch
    {
        null => "local",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var ip => ip.ToString(),
    };

    /// <summary>A client that has proved who it is.</summary>
    /// <param name="scheme">How it did.</param>
    /// <param name="client">Its name, such as <c>key:4f1d...</c>.</param>
    /// <param name="scopes">What it may do.</param>
    /// <param name="tenant">Its tenant; a tenant's client never has <see cref="Scope.Operate"/>.</param>
    public static ClaimsPrincipal Principal(string scheme, string client, IEnumerable<string> scopes, Tenant tenant)
    {
        var identity = new ClaimsIdentity(scheme);
        identity.AddClaim(new Claim(Claim, client));
        identity.AddClaims(scopes.Where(s => tenant.IsEverybody || s != Scope.Operate).Select(s => new Claim(ScopeClaim, s)));
        if (tenant.Prefix is { } prefix)
        {
            identity.AddClaim(new Claim(TenantClaim, prefix));
        }
        return new ClaimsPrincipal(identity);
    }
}
