using Foretell.Engine.Events;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;
using Foretell.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Tests.Replay;

/// <summary>The real host on a loopback port, over a platform with an untrained model.</summary>
internal sealed class ReplayHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ReplayHost(WebApplication app, EmbeddedPlatform platform)
    {
        _app = app;
        Platform = platform;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public EmbeddedPlatform Platform { get; }

    public Uri Address { get; }

    public static async Task<ReplayHost> StartAsync(string dataDirectory)
    {
        EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(dataDirectory, 4),
            Model = ForecastModel.Untrained(new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, seed: 1),
            Threads = 1,
        });
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IPlatform>(platform);
        builder.AddForetell();
        WebApplication app = builder.Build();
        app.MapForetell();
        await app.StartAsync();
        return new ReplayHost(app, platform);
    }

    /// <summary>Events applied to each of the streams, once the position is reached.</summary>
    public async Task<Dictionary<string, long>> CountsAsync(string position, IEnumerable<string> streams)
    {
        Assert.True(Position.TryParse(position, out Position parsed));
        await Platform.WaitAppliedAsync(parsed, CancellationToken.None);
        var counts = new Dictionary<string, long>();
        foreach (string stream in streams)
        {
            counts[stream] = (await Platform.FindAsync(stream, CancellationToken.None))?.Events ?? 0;
        }
        return counts;
    }

    public async ValueTask DisposeAsync()
    {
        // A request whose caller gave up may still be at work: only a host that is stopped waits for it.
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Platform.DisposeAsync();
    }
}
