using System.Net;
using System.Net.Sockets;
using Foretell.Silo.Settings;
using Orleans.Configuration;

namespace Foretell.Silo.Membership;

/// <summary>How silos find each other, tell who is gone, and trust each other.</summary>
internal static class SiloMembership
{
    /// <summary>Silos ask each other for a sign of life this often, and wait this long for it.</summary>
    private static readonly TimeSpan s_probe = TimeSpan.FromSeconds(2);

    /// <summary>How long one silo's runtime waits for another's answer.</summary>
    private static readonly TimeSpan s_systemCall = TimeSpan.FromSeconds(5);

    /// <summary>Adds clustering on PostgreSQL, endpoints, and TLS when there is a certificate.</summary>
    public static void Add(ISiloBuilder silo, SiloSettings settings, SiloCertificate? certificate)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (settings.Cluster, settings.Cluster));
        silo.UseAdoNetClustering(o =>
        {
            o.Invariant = "Npgsql";
            o.ConnectionString = MembershipSchema.ConnectionString(settings.Postgres);
        });
        // No client connects from outside, so there is no port for clients.
        silo.ConfigureEndpoints(settings.Address, settings.Port == 0 ? FreePort(settings.Address) : settings.Port, gatewayPort: 0);
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            // Three unanswered probes: a killed silo is out after about eight seconds. Steps run on threads of their
            // own, so a silo whose processors are all busy still answers; a shorter wait would not leave it the time.
            // Left to itself Orleans shortens the wait to half where answers come fast, and extends it to four times.
            o.ProbeTimeout = o.MinProbeTimeout = o.MaxProbeTimeout = s_probe;
            o.NumMissedProbesLimit = 3;
            // A silo of which any message has come within (longest wait) x (missed probes) is not voted against. Six
            // seconds of that spare one that is slow to answer probes, and keep one that stands still no longer than
            // its third missed probe. With Orleans' own longest wait it would be 24 s.
            o.EnableConnectionLivenessCheck = true;
            // The last probe does not go by way of a third silo: that silo waits for the answer as long as it is itself waited
            // for, so where none comes its verdict is late every time, and a silo that stands still would stay a member.
            // Two silos have to find another one dead in any case.
            o.EnableIndirectProbes = false;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            // Silos that were killed leave their rows behind; a restart loop must not grow the list for a week.
            o.DefunctSiloExpiration = TimeSpan.FromHours(1);
            o.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        // A silo that stands still keeps its connections: what the directory asks of it at the moment of its death goes out and
        // is never answered, and until that is given up nobody can look up a grain in the range that it had.
        silo.Configure<SiloMessagingOptions>(o => o.SystemResponseTimeout = s_systemCall);
        if (certificate is not null)
        {
            SiloTls.Use(silo, certificate);
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
