using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Foretell.Web.Guards;

/// <summary><c>Authorization: Bearer fk_...</c>: who has which API key. Also says 401 and 403 for every other way to
/// authenticate.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyRing keys, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "key";

    /// <summary>Type of the claim with the key's id.</summary>
    public const string IdClaim = "foretell_key";

    private const string Bearer = "Bearer ";

    /// <summary>What stands behind "Bearer" in a request's one Authorization header; null where there is none, or another kind of
    /// it.</summary>
    public static string? TokenOf(HttpRequest request) =>
        request.Headers.Authorization is { Count: 1 } values && values[0] is { } value
        && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..].Trim() : null;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"foretell\"";
        return Task.CompletedTask;
    }

    private AuthenticateResult Authenticate()
    {
        if (StringValues.IsNullOrEmpty(Request.Headers.Authorization))
        {
            return AuthenticateResult.NoResult();
        }
        if (TokenOf(Request) is not { } token || !ApiKey.TryParse(token, out string id, out string secret) || keys.Find(id) is not { } key)
        {
            return AuthenticateResult.Fail("no key");
        }
        string client = $"key:{key.Id}";
        if (!key.Has(secret) || !key.IsValid(clock.GetUtcNow()))
        {
            Context.Items[AuditRequests.ClaimedClient] = $"{client} ({(key.IsValid(clock.GetUtcNow()) ? "with a wrong secret" : "which has ended")})";
            return AuthenticateResult.Fail("the key does not hold");
        }
        ClaimsPrincipal user = ClientIdentity.Principal(SchemeName, client, key.Scopes, key.Owner);
        ((ClaimsIdentity)user.Identity!).AddClaim(new Claim(IdClaim, key.Id));
        return AuthenticateResult.Success(new AuthenticationTicket(user, SchemeName));
    }
}
