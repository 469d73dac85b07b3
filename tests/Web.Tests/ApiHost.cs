using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Foretell.Web.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Foretell.Web.Tests;

/// <summary>The API on a loopback port, over a platform of its own.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    /// <summary>An untrained model: its forecasts are wrong, but they are forecasts.</summary>
    private static readonly ForecastModel s_model =
        ForecastModel.Untrained(new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Marks = ["visit", "purchase"] },
            seed: 1);

    private readonly WebApplication _app;
    private readonly TemporaryFolder? _directory;
    private readonly HttpClient _client;

    private ApiHost(WebApplication app, EmbeddedPlatform platform, ShownTime clock, LogCollector logs, TemporaryFolder? directory)
    {
        (_app, Platform, Clock, Logs, _directory) = (app, platform, clock, logs, directory);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        // Redirects are answers to look at. 100-continue lets the server refuse a large body before it is sent.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = Address,
        };
    }

    public EmbeddedPlatform Platform { get; }

    public ShownTime Clock { get; }

    public LogCollector Logs { get; }

    public Uri Address { get; }

    /// <summary>What the API has registered.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Sent with every request that has no other; null for none.</summary>
    public string? Key { get; set; }

    /// <summary>Starts an API; everything left out has a default.</summary>
    /// <param name="configure">Changes the API's limits.</param>
    /// <param name="wrap">Puts faults into the platform.</param>
    /// <param name="directory">Data directory; a new one that goes with the host when null.</param>
    /// <param name="clock">The platform's clock and the API's; 2026-02-01 when null.</param>
    /// <param name="settings">Configuration, as environment variables would set it.</param>
    /// <param name="model">The platform's; a small one without training when null.</param>
    /// <param name="guards">Who may use the API; everybody when null.</param>
    public static async Task<ApiHost> StartAsync(Action<ForetellWebOptions>? configure = null,
        Func<IPlatform, IPlatform>? wrap = null, string? directory = null, ShownTime? clock = null, Dictionary<string,
            string?>? settings = null,
        ForecastModel? model = null, GuardOptions? guards = null)
    {
        TemporaryFolder? own = directory is null ? new TemporaryFolder() : null;
        clock ??= new ShownTime(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(directory ?? own!.Path, 2),
            Model = model ?? s_model,
            Threads = 1,
            Time = clock,
        });
        await platform.Ready;

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        var logs = new LogCollector();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(wrap is null ? platform : wrap(platform));
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.AddForetell(configure, guards);
        WebApplication app = builder.Build();
        app.MapForetell();
        await app.StartAsync();
        return new ApiHost(app, platform, clock, logs, own);
    }

    public static ByteArrayContent Content(string? contentType, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        return content;
    }

    public async Task<ApiResponse> SendAsync(HttpRequestMessage request)
    {
        request.Headers.ExpectContinue = request.Content is not null;
        AddKey(request);
        return await ApiResponse.ReadAsync(await _client.SendAsync(request));
    }

    public Task<ApiResponse> GetAsync(string address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address));

    public Task<ApiResponse> PostAsync(string address, string? contentType, string body) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = Content(contentType, body) });

    /// <summary>Sends events as JSON and returns their position.</summary>
    public async Task<string> SendEventsAsync(string json)
    {
        ApiResponse answer = await PostAsync("/v1/events", "application/json", json);
        Assert.Empty(answer.Json["rejected"]!.AsArray());
        return (string)answer.Json["position"]!;
    }

    /// <summary>Opens a feed of server-sent events; returns once the subscription stands.</summary>
    public async Task<FeedReader> OpenFeedAsync(string address, string? lastEventId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }
        AddKey(request);
        return await FeedReader.OpenAsync(await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    private void AddKey(HttpRequestMessage request)
    {
        if (Key is not null && request.Headers.Authorization is null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        }
    }

    /// <summary>Stops the host as Ctrl-C would: requests in flight may end.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <summary>Sends bytes as they are and reads the answer until the server closes.</summary>
    public async Task<ApiResponse> SendRawAsync(string request)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Address.Host, Address.Port);
        await using NetworkStream stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        using var reader = new StreamReader(stream);
        string[] parts = (await reader.ReadToEndAsync()).Split("\r\n\r\n", 2);
        string[] head = parts[0].Split("\r\n");
        string body = parts[1][parts[1].IndexOf('{')..(parts[1].LastIndexOf('}') + 1)];
        var message = new HttpResponseMessage((System.Net.HttpStatusCode)int.Parse(head[0].Split(' ')[1]))
        {
            Content = new StringContent(body, Encoding.UTF8,
                head.Single(h => h.StartsWith("Content-Type:", StringComparison.Ordinal)).Split(' ')[1].TrimEnd(';')),
        };
        return await ApiResponse.ReadAsync(message);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        // A request's span ends after its answer is out: only a host that is stopped waits for it, one that is disposed does not.
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Platform.DisposeAsync();
        _directory?.Dispose();
    }
}
