using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Foretell.Web.Guards;

/// <summary>What every request goes through before it meets an endpoint: who is it, may it, and has it had its share.</summary>
internal static class GuardPipeline
{
    private const string Either = "key-or-jwt";

    public static IServiceCollection AddGuards(this IServiceCollection services, GuardOptions options)
    {
        services.AddSingleton(options).AddSingleton<AuditLog>().AddSingleton<KeyRing>().AddSingleton<ClientLimits>();
        services.AddHostedService(s => s.GetRequiredService<KeyRing>());
        // The core alone: the rest would make keys for cookies, which nobody here has, and write them to the home folder.
        services.AddAuthenticationCore(o => o.DefaultScheme = options.Jwt is null ? KeyAuthentication.SchemeName : Either).AddWebEncoders();
        var authentication = new AuthenticationBuilder(services);
        authentication.AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null);
        if (options.Jwt is { } jwt)
        {
            services.TryAddSingleton<IAuthenticationConfigurationProvider, NoConfiguration>();
            JwtAuthentication.Add(authentication, jwt);
            authentication.AddPolicyScheme(Either, null, o =>
            {
                o.ForwardDefaultSelector = http => KeyAuthentication.TokenOf(http.Request) is { } token
                    && !token.StartsWith(ApiKey.Mark, StringComparison.Ordinal)
                    ? JwtAuthentication.SchemeName : KeyAuthentication.SchemeName;
                o.ForwardChallenge = o.ForwardForbid = KeyAuthentication.SchemeName;
            });
        }
        services.AddSingleton<IAuthorizationHandler, ScopeHandler>();
        AuthorizationBuilder authorization = services.AddAuthorizationBuilder()
            // An endpoint that names no scope, and an address without an endpoint, are for whoever has a key.
            .SetFallbackPolicy(Policy(null));
        foreach (string scope in Scope.All)
        {
            authorization.AddPolicy(scope, Policy(scope));
        }
        return services.AddRateLimiter(o =>
        {
            o.GlobalLimiter = ClientLimits.OfRequests(options);
            o.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            o.OnRejected = (context, _) =>
            {
                double seconds = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait) ? wait.TotalSeconds : 1;
                context.HttpContext.Response.Headers.RetryAfter =
                    Math.Max(1, Math.Ceiling(seconds)).ToString("0", CultureInfo.InvariantCulture);
                return ValueTask.CompletedTask;
            };
        });
    }

    public static WebApplication UseGuards(this WebApplication app)
    {
        KeyRing keys = app.Services.GetRequiredService<KeyRing>();
        AuditLog audit = app.Services.GetRequiredService<AuditLog>();
        app.Use((http, next) => AuditRequests.RunAsync(http, next, audit));
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.Use((http, next) => IsFeed(http.GetEndpoint()) ? keys.FollowAsync(http, next) : next(http));
        return app;
    }

    private static bool IsFeed(Endpoint? endpoint) => endpoint?.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
        .Any(answer => answer.ContentTypes.Contains("text/event-stream")) == true;

    private static AuthorizationPolicy Policy(string? scope) => new([new ScopeRequirement(scope)], []);

    /// <summary>Settings of tokens come from the host's own, never from a file that happens to have a section of that name.</summary>
    private sealed class NoConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
