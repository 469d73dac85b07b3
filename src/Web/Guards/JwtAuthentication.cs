using System.Globalization;
using System.Security.Claims;
using Foretell.Engine;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Foretell.Web.Guards;

/// <summary>Tokens of an identity provider: ASP.NET Core checks signature, issuer, audience and time; here claims become scopes and
/// tenant.</summary>
internal static partial class JwtAuthentication
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "jwt";

    /// <summary>Type of the claim that says when the token ends, Unix seconds.</summary>
    public const string ExpiresClaim = "foretell_expires";

    /// <summary>In place of a tenant: all streams.</summary>
    public const string Everybody = "*";

    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(30), s_patience = TimeSpan.FromSeconds(5),
        s_tellInterval = TimeSpan.FromMinutes(1), s_refreshInterval = TimeSpan.FromSeconds(30);

    // Asymmetric ones only: whoever checks a token must not be able to make one.
    private static readonly string[] s_algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <exception cref="InvalidDataException">The file with the provider's keys cannot be used.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Add(AuthenticationBuilder authentication, JwtSettings settings)
    {
        JwtKeys? keys = settings.KeysFile is { } path ? new JwtKeys(path) : null;
        authentication.AddJwtBearer(SchemeName, _ => { });
        authentication.Services.AddOptions<JwtBearerOptions>(SchemeName).Configure<TimeProvider, ILoggerFactory>(
            (options, clock, loggers) => Configure(options, settings, keys, clock, loggers.CreateLogger(typeof(JwtAuthentication))));
    }

    private static void Configure(
        JwtBearerOptions options, JwtSettings settings, JwtKeys? keys, TimeProvider clock, ILogger logger)
    {
        DateTimeOffset tellAt = DateTimeOffset.MinValue;
        options.Authority = settings.Authority;
        options.BackchannelTimeout = s_patience;
        // A token whose key is unknown has the host look again, whoever sent it; not so often that strangers could burden the provider.
        options.RefreshInterval = s_refreshInterval;
        options.MapInboundClaims = false;
        options.IncludeErrorDetails = false;
        options.ForwardChallenge = options.ForwardForbid = KeyAuthentication.SchemeName;
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = settings.Audience,
            ValidIssuer = settings.Issuer,
            ValidAlgorithms = s_algorithms,
            LifetimeValidator = (from, until, _, _) => until is { } end && clock.GetUtcNow().UtcDateTime < end + s_skew
                && !(from > clock.GetUtcNow().UtcDateTime + s_skew),
        };
        if (keys is not null)
        {
            options.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, id, _) => keys.Find(id, clock.GetUtcNow());
        }
        options.Events = new JwtBearerEvents
        {
            OnAuthenticationFailed = context => ThrowIfProviderIsAwayAsync(context, reason =>
            {
                // Strangers may send what looks like tokens as often as they like.
                if (clock.GetUtcNow() >= tellAt)
                {
                    tellAt = clock.GetUtcNow() + s_tellInterval;
                    LogProviderAway(logger, settings.Authority, reason);
                }
            }),
            OnTokenValidated = context =>
            {
                if (Translate(context.Principal!, settings) is { } user)
                {
                    context.Principal = user;
                }
                else
                {
                    context.Fail("its claims name no subject, or no tenant");
                }
                return Task.CompletedTask;
            },
        };
    }

    /// <summary>Tells a token that does not hold from one that nobody can check: while the provider's keys are unknown.</summary>
    /// <exception cref="PlatformUnavailableException">They are, since the provider cannot be reached.</exception>
    private static async Task ThrowIfProviderIsAwayAsync(AuthenticationFailedContext context, Action<string> tell)
    {
        if (context.Options.ConfigurationManager is not { } provider)
        {
            return;
        }
        try
        {
            // Known ones are at hand; those of a provider that was away a moment ago are not asked for again so soon.
            await provider.GetConfigurationAsync(context.HttpContext.RequestAborted);
        }
        catch (InvalidOperationException e)
        {
            tell(e.InnerException?.Message ?? e.Message);
            throw new PlatformUnavailableException(
                "The token cannot be checked: the identity provider's keys cannot be had now. Send the request again after a pause.", e);
        }
    }

    /// <summary>The client that a token names; null where its claims do not say who it is and whose streams it may see.</summary>
    private static ClaimsPrincipal? Translate(ClaimsPrincipal token, JwtSettings settings)
    {
        Tenant tenant = Tenant.Everybody;
        if (settings.TenantClaim is { } type)
        {
            string[] named = [.. token.FindAll(type).Select(c => c.Value)];
            if (named.Length != 1)
            {
                return null;
            }
            try
            {
                tenant = named[0] == Everybody ? tenant : Tenant.Parse(named[0]);
            }
            catch (FormatException)
            {
                return null;
            }
        }
        // "scope" is one text of words (RFC 8693), "scp" and "roles" are what providers make of it, often as lists.
        IEnumerable<string> scopes = token.Claims.Where(c => c.Type is "scope" or "scp" or "roles")
            .SelectMany(c => c.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Intersect(Scope.All);
        if (token.FindFirstValue("sub") is not { Length: > 0 } subject
            || !long.TryParse(token.FindFirstValue("exp"), CultureInfo.InvariantCulture, out long expires))
        {
            return null;
        }
        ClaimsPrincipal user = ClientIdentity.Principal(SchemeName, $"jwt:{Readable(subject)}", scopes, tenant);
        ((ClaimsIdentity)user.Identity!).AddClaim(new Claim(ExpiresClaim, expires.ToString(CultureInfo.InvariantCulture)));
        return user;
    }

    /// <summary>A subject as logs may have it.</summary>
    private static string Readable(string subject) =>
        string.Concat((subject.Length > 100 ? subject[..100] : subject).Select(c => char.IsControl(c) ? '\uFFFD' : c));

    [LoggerMessage(Level = LogLevel.Warning, Message = "No token can be checked: the keys of {Provider} cannot be had: {Reason}")]
    private static partial void LogProviderAway(ILogger logger, string? provider, string reason);
}
