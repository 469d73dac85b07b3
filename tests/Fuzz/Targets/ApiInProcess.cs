using System.Net;
using Foretell.Engine;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;
using Foretell.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Foretell.Fuzz.Targets;

/// <summary>The API over an embedded platform, with Kestrel or without a server at all. A platform keeps every event, so it is made anew
/// after some thousand requests.</summary>
internal sealed class ApiInProcess : IAsyncDisposable
{
    private const int RequestsOfOne = 20_000;

    private static readonly ForecastModel s_model = ForecastModel.Untrained(
        new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Marks = ["visit", "purchase"] }, seed: 1);

    private static ApiInProcess? s_inProcess, s_listening;

    private readonly WebApplication _app;
    private readonly EmbeddedPlatform _platform;
    private readonly string _directory;
    private int _requests;

    private ApiInProcess(WebApplication app, EmbeddedPlatform platform, string directory) =>
        (_app, _platform, _directory) = (app, platform, directory);

    /// <summary>Where Kestrel listens.</summary>
    public IPEndPoint Address => new(IPAddress.Loopback, new Uri(_app.Urls.Single()).Port);

    /// <summary>The one without a server, for the next of a target's inputs.</summary>
    public static ApiInProcess Next() => Next(ref s_inProcess, kestrel: false);

    /// <summary>The one that listens, as what `foretell run` builds does, for the next of a target's inputs.</summary>
    public static ApiInProcess NextListening() => Next(ref s_listening, kestrel: true);

    private static ApiInProcess Next(ref ApiInProcess? shared, bool kestrel)
    {
        if (shared is { _requests: >= RequestsOfOne } worn)
        {
            worn.DisposeAsync().AsTask().GetAwaiter().GetResult();
            shared = null;
        }
        shared ??= StartAsync(kestrel).GetAwaiter().GetResult();
        shared._requests++;
        return shared;
    }

    private static async Task<ApiInProcess> StartAsync(bool kestrel)
    {
        string directory = Directory.CreateDirectory(Path.Combine(FileTargets.Folder, Guid.NewGuid().ToString("n"))).FullName;
        EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(directory, 2),
            Model = s_model,
            Threads = 1,
        });
        await platform.Ready;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (kestrel)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer();
        }
        builder.Services.AddSingleton<IPlatform>(platform);
        // A position that nobody reaches is waited for; a longer wait would be no other code.
        builder.AddForetell(options => options.AfterTimeout = TimeSpan.FromMilliseconds(20));
        WebApplication app = builder.Build();
        app.MapForetell();
        await app.StartAsync();
        return new ApiInProcess(app, platform, directory);
    }

    /// <summary>Sends a request.</summary>
    /// <returns>Status, content type and body of the answer; of a feed, what was there at once.</returns>
    public async Task<(int Status, string ContentType, byte[] Body)> SendAsync(Action<HttpContext> write, int mostBytes)
    {
        HttpContext context = await _app.GetTestServer().SendAsync(write);
        string contentType = context.Response.ContentType ?? "";
        using var body = new MemoryStream();
        if (contentType.StartsWith("text/event-stream", StringComparison.Ordinal))
        {
            context.Abort();
            return (context.Response.StatusCode, contentType, []);
        }
        byte[] buffer = new byte[16 << 10];
        int read;
        while (body.Length < mostBytes && (read = await context.Response.Body.ReadAsync(buffer)) > 0)
        {
            body.Write(buffer, 0, read);
        }
        return (context.Response.StatusCode, contentType, body.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _platform.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
