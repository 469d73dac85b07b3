using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Hosting;

namespace Foretell.Silo;

/// <summary>How silos find each other, tell who is gone, and trust each other.</summary>
internal static class Membership
{
    /// <summary>Silos ask each other for a sign of life this often, and wait this long for it.</summary>
    private static readonly TimeSpan s_probe = TimeSpan.FromSeconds(2);

    /// <summary>Adds clustering on PostgreSQL, endpoints, and TLS when a certificate is set.</summary>
    /// <exception cref="SettingsException">The certificate cannot be read.</exception>
    public static void Add(ISiloBuilder silo, SiloSettings settings)
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
            o.ProbeTimeout = s_probe;
            o.NumMissedProbesLimit = 3;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            // Silos that were killed leave their rows behind; a restart loop must not grow the list for a week.
            o.DefunctSiloExpiration = TimeSpan.FromHours(1);
            o.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        if (settings.Certificate is not null)
        {
            UseTls(silo, Load(settings));
        }
    }

    private static void UseTls(ISiloBuilder silo, X509Certificate2 certificate) => silo.UseTls(certificate, tls =>
    {
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        // Every silo of a cluster has the same certificate: whoever shows it with its key belongs here, and nobody else.
        tls.RemoteCertificateValidation = (remote, _, _) => CryptographicOperations.FixedTimeEquals(
            remote.GetCertHash(HashAlgorithmName.SHA256), certificate.GetCertHash(HashAlgorithmName.SHA256));
        tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    });

    private static X509Certificate2 Load(SiloSettings settings)
    {
        try
        {
            X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12FromFile(settings.Certificate!, settings.CertificatePassword);
            return certificate.HasPrivateKey ? certificate : throw new SettingsException(
                $"Foretell:Certificate is '{settings.Certificate}', which has no private key. Give a PKCS#12 file with certificate and key.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(
                $"Foretell:Certificate is '{settings.Certificate}', which cannot be read: {e.Message} Give a PKCS#12 file, and its password as Foretell:CertificatePassword.", e);
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
