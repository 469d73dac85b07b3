using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Foretell.Web.Http;

/// <summary>A web server apart from the API's, on addresses of its own: whoever may reach it gets nothing else, and its requests are not
/// measured as the API's.</summary>
public sealed class SideServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SideServer(WebApplication app) => _app = app;

    /// <summary>Addresses that it listens on, with the ports that were taken for 0.</summary>
    public IReadOnlyList<string> Addresses => [.. _app.Urls.Select(url => url.TrimEnd('/'))];

    /// <summary>Begins to listen.</summary>
    /// <param name="urls">Addresses such as http://127.0.0.1:9464, separated by ";".</param>
    /// <param name="configure">Adds the services that <paramref name="map"/> needs; nothing is there by itself.</param>
    /// <param name="map">Says what is served.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<SideServer> StartAsync(string urls, Action<WebApplicationBuilder> configure, Action<WebApplication> map)
    {
        // The environment and the settings files are for the API's server: nothing of them may open another port here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls(urls.Split(';'));
        configure(builder);
        WebApplication app = builder.Build();
        app.Use((context, next) =>
        {
            context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
            return next(context);
        });
        map(app);
        try
        {
            await app.StartAsync();
            return new SideServer(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops to listen.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
