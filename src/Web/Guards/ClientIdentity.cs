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

    /// <summary>The client of a request: <c>key:4f1d...</c> for an API key's id, <c>jwt:alice</c> for a token's subject, or
    /// <c>address:10.0.0.7</c> for whoever needs no key; <c>address:local</c> where the connection has no address.</summary>
    public static string Of(HttpContext http) => http.User.FindFirstValue(Claim) ?? AddressOf(http);

    /// <summary>Where a request comes from, whoever sends it.</summary>
    public static string AddressOf(HttpContext http) =>
        $"address:{http.Connection.RemoteIpAddress switch
        {
            null => "local",
            { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
            var ip => ip.ToString(),
        }}";
}
