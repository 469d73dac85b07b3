using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Rows;
using Foretell.Grains;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Silo.Membership;
using Foretell.Silo.Settings;
using Foretell.Stores.Postgres;
using Foretell.Web;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Foretell.Web.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Foretell.Silo;

/// <summary>One silo: log and store on PostgreSQL, Orleans, and HTTP.</summary>
internal static partial class SiloHost
{
    /// <summary>Runs until the process is told to stop; then commits every shard and leaves the cluster.</summary>
    /// <exception cref="SettingsException">A setting is wrong.</exception>
    /// <exception cref="StorageException">The database cannot be used.</exception>
    public static async Task RunAsync(WebApplicationBuilder builder)
    {
        SiloSettings settings = SiloSettings.Read(builder.Configuration);
        ListenCheck.Run("Foretell:Urls", settings.Urls);
        if (settings.Dashboard is { } asked)
        {
            ListenCheck.Run("Foretell:DashboardUrls", asked.Urls);
        }
        SiloCertificate? certificate = settings.Certificate is { } path
            ? SiloCertificate.Load(path, settings.CertificatePassword, TimeProvider.System)
            : null;
        ServerCertificate? https = settings.Gateway.LoadCertificate(TimeProvider.System);
        CheckKeys(settings);
        ForecastModel model = await ModelSource.LoadAsync(settings.Model);
        if (settings.Shared && !model.Config.Adapt)
        {
            throw new SettingsException("Foretell:Shared is true, and the model does not adapt: streams can share only what adaptation tells. Train a model that adapts, or leave the setting out.");
        }
        using var gauges = new SiloGauges(settings.Roles, certificate, TimeProvider.System);
        // Before anything that may take long, so that a silo that waits can be seen to.
        await using MetricsServer? metrics = await MetricsServer.OpenAsync("Foretell:MetricsUrls", settings.MetricsUrls);
        await using PostgresEventLog log = await StartPatience.TryAsync(() => OpenLogAsync(settings), settings.StartTimeout,
            sentence => Console.Error.WriteLine($"foretell-silo: {sentence}"), TimeProvider.System);
        await BindAsync(log, model, settings);
        await using var store = new PostgresStateStore(settings.Postgres);
        await using var usage = new StorageWatch(store.MeasureAsync, TimeProvider.System);
        await using var alerts = new PostgresAlertLog(settings.Postgres);
        var deviceLog = new DeviceLog();
        using IStepDevice device = SiloDevice.Open(settings, model, deviceLog);
        using var engine = new SiloEngine(new ServingModel(model, device, settings.Shared), log, store, alerts, new GrainOptions
        {
            Threads = settings.Threads ?? Environment.ProcessorCount * (device.Report().LeastWave > 0 ? 2 : 1),
            Alerts = new AlertRule { Survival = settings.AlertSurvival },
            Partition = new PartitionHostOptions
            {
                CommitInterval = settings.CommitInterval, Lease = settings.Lease, Retain = settings.Retain,
            },
        })
        {
            Sources = settings.EventHubs.Select(hub => (hub.Name, Setup: hub.ToSource()))
                .Concat(settings.Kafka.Select(topic => (topic.Name, Setup: topic.ToSource())))
                .ToDictionary(source => source.Name, source => source.Setup),
            Sinks = settings.Publish.ToDictionary(hub => hub.Name, hub => hub.ToSink()),
        };
        await using WebApplication app = Build(builder, settings, certificate, https, engine);
        if (settings.Has(SiloRoles.Worker))
        {
            deviceLog.Start(app.Services.GetRequiredService<ILoggerFactory>(), device.Report());
        }
        if (metrics is not null)
        {
            LogMetrics(app.Logger, string.Join(' ', metrics.Endpoints));
        }
        await app.StartAsync();
        await using DashboardServer? dashboard =
            settings.Dashboard is { } shown ? await DashboardServer.StartAsync(shown, app.Services) : null;
        if (dashboard is not null)
        {
            LogDashboard(app.Logger, string.Join(' ', dashboard.Addresses));
        }
        Console.Out.WriteLine($"listening on {string.Join(' ', app.Urls.Select(u => u.TrimEnd('/')))}");
        await app.WaitForShutdownAsync();
        foreach (SourceSetup source in engine.Sources.Values)
        {
            await source.DisposeAsync();
        }
        foreach (SinkSetup sink in engine.Sinks.Values)
        {
            await sink.DisposeAsync();
        }
    }

    private static WebApplication Build(WebApplicationBuilder builder, SiloSettings settings, SiloCertificate? certificate,
        ServerCertificate? https, SiloEngine engine)
    {
        https?.Use(builder);
        builder.WebHost.UseUrls(settings.Urls.Split(';'));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = settings.ShutdownTimeout);
        if (settings.StopWithInput)
        {
            builder.Services.AddSingleton<IHostLifetime>(s => new InputLifetime(s.GetRequiredService<IHostApplicationLifetime>()));
        }
        builder.Services.AddSingleton(engine);
        // Hosted services start in this order and stop in the other: the silo first and last, HTTP in between.
        builder.UseOrleans(silo =>
        {
            SiloMembership.Add(silo, settings, certificate);
            silo.AddActivityPropagation();
            silo.AddForetellGrains(settings.Roles, engine);
            if (settings.Dashboard is not null)
            {
                DashboardServer.Add(silo);
            }
        });
        // A silo that is no gateway serves its health alone, and needs no keys for it.
        builder.AddForetell(guards: settings.Has(SiloRoles.Gateway) ? settings.Gateway.Guards : null);
        if (settings.Has(SiloRoles.Gateway))
        {
            GatewayDrain.Add(builder.Services, settings.ShutdownTimeout);
        }
        WebApplication app = builder.Build();
        BoundedStop.Watch(app.Lifetime, settings.ShutdownTimeout);
        if (settings.Has(SiloRoles.Gateway))
        {
            GatewayDrain.Use(app);
            app.MapForetell();
        }
        else
        {
            app.MapForetellHealth();
        }
        return app;
    }

    /// <summary>Says before anything else begins that the file of keys is missing or damaged.</summary>
    private static void CheckKeys(SiloSettings settings)
    {
        if (settings.Gateway.Guards.KeysFile is not { } path || !settings.Has(SiloRoles.Gateway))
        {
            return;
        }
        try
        {
            KeyFile.Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new SettingsException($"Foretell:Keys is '{path}', which cannot be used: {e.Message} Make it with 'foretell keys add --file'.", e);
        }
    }

    /// <summary>The log, once all tables are there that a silo needs.</summary>
    private static async Task<PostgresEventLog> OpenLogAsync(SiloSettings settings)
    {
        PostgresEventLog log = await PostgresEventLog.OpenAsync(settings.Postgres, settings.Partitions, TimeProvider.System);
        try
        {
            await MembershipSchema.CheckAsync(settings.Postgres, CancellationToken.None);
            return log;
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes model and policy into the log, or refuses a log of another model.</summary>
    private static async Task BindAsync(PostgresEventLog log, ForecastModel model, SiloSettings settings)
    {
        try
        {
            string? other =
                await LogBinding.BindAsync(log, model, settings.LateTolerance, settings.FutureTolerance,
                    settings.MaxStreams, settings.MaxNewStreams, CancellationToken.None);
            if (other is not null)
            {
                throw new SettingsException($"The log in schema {settings.Postgres.Schema} was made with model {other}, and Foretell:Model "
                    + $"'{settings.Model}' is model {model.Id}. Give it that model, or choose another schema.");
            }
        }
        catch (Exception e) when (e is PlatformUnavailableException or InvalidDataException)
        {
            throw new StorageException(e.Message, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Metrics for Prometheus are at {Address}")]
    private static partial void LogMetrics(ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Orleans' dashboard is at {Address}")]
    private static partial void LogDashboard(ILogger logger, string address);
}
