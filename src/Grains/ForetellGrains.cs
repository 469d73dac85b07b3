using Foretell.Grains.Cluster;
using Foretell.Grains.Coordination;
using Foretell.Grains.Feeds;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Stepping;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Foretell.Grains;

/// <summary>Adds the platform's grains to a silo.</summary>
public static class ForetellGrains
{
    /// <summary>Registers the grains' services, the silo's roles, and <see cref="IPlatform"/>.</summary>
    /// <param name="silo">The silo's builder; clustering, endpoints and a <see cref="SiloEngine"/> are its host's business.</param>
    /// <param name="roles">Roles of this silo (<see cref="SiloRoles"/>).</param>
    /// <param name="engine">The silo's engine: its device and what it can carry are told to the others.</param>
    public static ISiloBuilder AddForetellGrains(this ISiloBuilder silo, IReadOnlyCollection<string> roles, SiloEngine engine)
    {
        DeviceReport device = engine.Model.Device.Report();
        silo.UseSiloMetadata(new Dictionary<string, string>
        {
            [SiloRoles.MetadataKey] = string.Join(',', roles),
            [SiloWeight.DeviceKey] = device.Name,
            [SiloWeight.MetadataKey] = SiloWeight.Format(engine.Weight(device)),
        });
#pragma warning disable ORLEANSEXP003 // The default directory loses entries when a silo stops; this one hands them over.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Configure<GrainDirectoryOptions>(o =>
        {
            // The default of today, pinned: silos that divide the directory differently do not agree who may say where
            // a grain lives, so a release that takes another number cannot work beside the one before it.
            o.PartitionsPerSilo = 1;
            // Orleans would keep the grains of a dead silo from living elsewhere until 30 s after its last sign of
            // life, in case it still runs. Here epoch and lease decide who answers and commits (law 3).
            o.RangeLeaseDuration = TimeSpan.Zero;
        });
        IServiceCollection services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddPlacementFilter<SiloRoleFilter, SiloRoleFilterDirector>(ServiceLifetime.Transient);
        services.AddPlacementDirector<PartitionPlacement, PartitionPlacementDirector>();
        services.AddPlacementDirector<StreamPlacement, StreamPlacementDirector>();
        services.AddSingleton<ClusterStatus>();
        FeedStreams.Add(silo);
        services.AddSingleton<FeedInbox>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<ClusterAlertFeed>();
        services.AddSingleton(s => new ClusterPlatform(s.GetRequiredService<SiloEngine>(), s.GetRequiredService<IGrainFactory>(),
            s.GetRequiredService<ClusterStatus>(), s.GetRequiredService<ChangeFeed>(),
            s.GetRequiredService<ClusterAlertFeed>(), roles, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IPlatform>(s => s.GetRequiredService<ClusterPlatform>());
        // Behind the silo in the order of start, so before it in the order of stop.
        services.AddHostedService<Heartbeat>();
        services.AddHostedService(s => s.GetRequiredService<ClusterStatus>());
        services.AddHostedService<ClusterGauges>();
        if (roles.Contains(SiloRoles.Worker))
        {
            services.AddHostedService<AlertRaiser>();
        }
        // Gateways serve feeds to readers, and silos that ingest publish them to brokers.
        if (roles.Contains(SiloRoles.Gateway) || roles.Contains(SiloRoles.Ingest))
        {
            services.AddHostedService(s => s.GetRequiredService<FeedInbox>());
        }
        return silo;
    }
}
