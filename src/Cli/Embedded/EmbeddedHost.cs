using System.Net.Sockets;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine;
using Foretell.Hosting;
using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sinks;
using Foretell.Ingest.Sources;
using Foretell.Web;
using Foretell.Web.Feeds;
using Foretell.Web.Guards;
using Foretell.Web.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Foretell.Cli.Embedded;

/// <summary>The embedded host: a platform with its HTTP API in this process.</summary>
internal sealed class EmbeddedHost : IAsyncDisposable
{
    /// <summary>How long requests in flight may take to end after Ctrl-C.</summary>
    private static readonly TimeSpan s_shutdownTimeout = TimeSpan.FromSeconds(5);

    private readonly WebApplication _web;

    private readonly ILoggerFactory _loggers;

    private readonly MetricsServer? _metrics;

    private EmbeddedHost(EmbeddedPlatform platform, WebApplication web, MetricsServer? metrics, ILoggerFactory loggers) =>
        (Platform, _web, _metrics, _loggers) = (platform, web, metrics, loggers);

    /// <summary>The platform that the API serves.</summary>
    public EmbeddedPlatform Platform { get; }

    /// <summary>Addresses that the API listens on, with the real port where 0 was asked for.</summary>
    public IReadOnlyList<string> Addresses => [.. _web.Urls.Select(u => u.TrimEnd('/'))];

    /// <summary>Opens the data directory, listens, and waits until every shard serves.</summary>
    /// <param name="options">The platform's.</param>
    /// <param name="listen">Where to listen, and whom to let in.</param>
    /// <param name="metricsUrls">Addresses of metrics for Prometheus, separated by ";"; null for none.</param>
    /// <param name="log">Where log entries go; the caller's to dispose.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CliException">An address cannot be listened on.</exception>
    /// <exception cref="StorageException">The data directory cannot be opened.</exception>
    public static async Task<EmbeddedHost> StartAsync(
        EmbeddedOptions options, ListenSettings listen, string? metricsUrls, ILoggerProvider log, CancellationToken cancellation)
    {
        MetricsServer? metrics = await ServeMetricsAsync(metricsUrls);
        ILoggerFactory loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(log));
        EmbeddedPlatform platform;
        try
        {
            platform = await EmbeddedPlatform.OpenAsync(options with { Logger = loggers.CreateLogger<EmbeddedPlatform>() }, cancellation);
        }
        catch
        {
            await (metrics?.DisposeAsync() ?? default);
            throw;
        }
        var host = new EmbeddedHost(platform, BuildWeb(platform, listen, log), metrics, loggers);
        try
        {
            await host.ListenAsync(listen.Urls, cancellation);
            if (metrics is not null)
            {
                Terminal.WriteLine($"metrics for Prometheus at {string.Join(" and ", metrics.Endpoints)}");
            }
            // Health checks answer while the rows load; whoever waits for this method wants forecasts.
            await platform.Ready.WaitAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a broker into the platform's log until the feed is disposed, before the host.</summary>
    public SourceFeed Read(SourceInput input)
    {
        var feed = new SourceFeed(input.Broker.Open(), Platform.SourceLog, () => new MessageDecoder(input.Mapping), input.Reading,
            () => Platform.LagEvents, TimeProvider.System, _loggers.CreateLogger<SourceFeed>());
        Platform.Sources = feed.Report;
        return feed;
    }

    /// <summary>Publishes to a hub until the publisher is disposed, before the host.</summary>
    public SinkPublisher Publish(PublishTarget target)
    {
        ISinkFeed[] feeds = [new AlertSinkFeed(Platform), .. target.Streams.Select(stream => new ForecastSinkFeed(Platform, stream))];
        var publisher = new SinkPublisher(new EventHubSink(target.Address.Hub, target.Address), feeds, Platform.SourceLog,
            new SinkOptions(), TimeProvider.System, _loggers.CreateLogger<SinkPublisher>());
        Platform.Sinks = publisher.Report;
        return publisher;
    }

    /// <summary>Ends the requests in flight, then stops the platform with a last commit.</summary>
    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
        await Platform.DisposeAsync();
        await (_metrics?.DisposeAsync() ?? default);
        _loggers.Dispose();
    }

    /// <summary>Before the platform, which may take long to load: so that it can be seen to.</summary>
    private static async Task<MetricsServer?> ServeMetricsAsync(string? urls)
    {
        try
        {
            return await MetricsServer.OpenAsync(CommonSettings.MetricsUrlsName, urls);
        }
        catch (IOException failure)
        {
            throw new CliException(failure.Message, failure);
        }
    }

    private static WebApplication BuildWeb(EmbeddedPlatform platform, ListenSettings listen, ILoggerProvider log)
    {
        // The content root is the program's folder: settings files in the user's working directory are not ours.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "foretell",
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseUrls(listen.Urls.Split(';'));
        listen.Certificate?.Use(builder);
        // A failed start is told in one sentence below; the host's own account of it is a stack trace.
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddProvider(log).AddProvider(new AuditFile(new LogFile(listen.AuditFile)))
            .AddFilter<AuditFile>(AuditLog.Category, LogLevel.Information);
        // The program itself listens for Ctrl-C; a second listener would stop the API before the feeds that use it.
        builder.Services.AddSingleton<IHostLifetime, OwnLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = s_shutdownTimeout);
        // An instance that is given to the container stays ours to dispose, after the API has stopped.
        builder.Services.AddSingleton<IPlatform>(platform);
        builder.AddForetell(guards: listen.Guards);
        WebApplication web = builder.Build();
        web.MapForetell();
        return web;
    }

    private async Task ListenAsync(string urls, CancellationToken cancellation)
    {
        try
        {
            await _web.StartAsync(cancellation);
        }
        catch (IOException failure) when (failure.InnerException is AddressInUseException)
        {
            throw new CliException($"{urls} is in use by another program; stop it, or choose another address with --urls " +
                "(port 0 takes any free one).", failure);
        }
        catch (SocketException failure)
        {
            throw new CliException($"Cannot listen on {urls}: {failure.Message}; choose another address with --urls.", failure);
        }
    }

    private sealed class OwnLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
