using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Foretell.Silo.Settings;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Dashboard;

namespace Foretell.Silo;

/// <summary>Orleans' own dashboard of silos and grains, for people who look after a cluster: on addresses of this machine alone, where
/// nothing else is served, and never without a password.</summary>
/// <remarks>A web server apart from the API's, so that no address of the API, and nobody who may reach it, leads here.</remarks>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>User's name of the basic authentication.</summary>
    public const string User = "foretell";

    private readonly SideServer _server;

    private DashboardServer(SideServer server) => _server = server;

    /// <summary>Addresses that it listens on, with the ports that were taken for 0.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>Has the silo count what the dashboard shows. One that does not cannot be asked: all silos of a cluster do or
    /// none.</summary>
    public static void Add(ISiloBuilder silo)
    {
        // Logs are where the operator collects them.
        silo.AddDashboard(o => o.HideTrace = true);
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="settings">Addresses and password.</param>
    /// <param name="silo">Services of the silo, to which <see cref="Add"/> added its own.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<DashboardServer> StartAsync(DashboardSettings settings, IServiceProvider silo)
    {
        byte[] wanted = Hash($"{User}:{settings.Password}");
        return new DashboardServer(await SideServer.StartAsync(settings.Urls, builder => builder.Services.AddRoutingCore(), app =>
        {
            app.Use(async (context, next) =>
            {
                if (!IsAllowed(context.Request, wanted))
                {
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    context.Response.Headers.WWWAuthenticate = "Basic realm=\"foretell\", charset=\"UTF-8\"";
                    await context.Response.WriteAsync(
                        $"The dashboard wants the user '{User}' and the password in the file that the silo's setting DashboardPasswordFile names.\n");
                    return;
                }
                context.RequestServices = silo;
                await next(context);
            });
            new SiloRoutes(app, silo).MapOrleansDashboard();
        }));
    }

    /// <summary>Stops to listen.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static bool IsAllowed(HttpRequest request, byte[] wanted)
    {
        byte[] given = new byte[256];
        return AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out AuthenticationHeaderValue? header)
            && string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header.Parameter ?? "", given, out int length)
            // Hashes are of one length, so that the time of the comparison says nothing about the password.
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(given.AsSpan(0, length)), wanted);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The server's routes, whose handlers get the silo's services.</summary>
    private sealed class SiloRoutes(IEndpointRouteBuilder server, IServiceProvider silo) : IEndpointRouteBuilder
    {
        public ICollection<EndpointDataSource> DataSources => server.DataSources;

        public IServiceProvider ServiceProvider => silo;

        public IApplicationBuilder CreateApplicationBuilder() => server.CreateApplicationBuilder();
    }
}
