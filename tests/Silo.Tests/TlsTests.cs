using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Foretell.Cli.Options;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Foretell.Web.Streams;

namespace Foretell.Silo.Tests;

/// <summary>With a certificate silos talk to silos of their own authority and to nobody else.</summary>
public sealed class TlsTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>, IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly TestAuthority _authority = new("Authority of the cluster"), _stranger = new("Another authority");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
        _directory.Dispose();
    }

    [ClusterFact]
    public async Task Silos_WhenTheyHaveCertificates_TalkToEachOtherOnly()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        int port = FreePort();
        // Each has a certificate of its own, as after a renewal.
        SiloProcess gateway = await StartAsync(cluster, "gateway,ingest", port), worker = await StartAsync(cluster, "worker", 0);
        await cluster.ProbeAllAsync(gateway);
        Assert.DoesNotContain("No connection with the silo", gateway.Errors + worker.Errors, StringComparison.Ordinal);

        using (var plain = new TcpClient())
        {
            await plain.ConnectAsync(IPAddress.Loopback, port);
            await plain.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"));
            Assert.Equal(0, await AnswerAsync(plain.GetStream()));
        }
        await gateway.SaysAsync("it shows no certificate, does not speak TLS, or refuses this silo's certificate");
        Assert.Equal(0, await ConnectAsync(port, null));
        Assert.Equal(0, await ConnectAsync(port, _stranger.Issue()));
        await gateway.SaysAsync(
            "its certificate is refused, since its issuer 'CN=Another authority' leads to no authority of this cluster");
        Assert.Equal(0, await ConnectAsync(port, _authority.Issue(days: -1)));
        await gateway.SaysAsync("its certificate is refused, since it is in force from");
        Assert.Equal(0, await ConnectAsync(port, _authority.Issue("CN=somebody")));
        await gateway.SaysAsync("its certificate is refused, since it is made out to 'CN=somebody'");
        // What lets one in is the certificate and nothing else: with the right one the silo speaks first.
        Assert.NotEqual(0, await ConnectAsync(port, _authority.Issue()));
        await cluster.AssertEqualsReferenceAsync(cluster.Partitions);
    }

    [ClusterTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Silo_WhenItDoesNotBelongToTheCluster_CannotJoin(bool hasCertificate)
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        SiloProcess member = await StartAsync(cluster, "gateway,ingest,worker", 0);
        await cluster.ProbeAllAsync(member);
        Dictionary<string, string> settings = cluster.Settings("worker");
        if (hasCertificate)
        {
            Protect(settings, _stranger);
        }

        await using SiloProcess stranger = SiloProcess.Begin(settings);
        await member.SaysAsync("No connection with the silo");
        if (hasCertificate)
        {
            await stranger.SaysAsync("its certificate is refused, since its issuer 'CN=Authority of the cluster' leads to no authority");
        }

        Assert.False(stranger.HasJoined);
        await stranger.KillAsync();
        await cluster.AssertEqualsReferenceAsync(cluster.Partitions);
    }

    [ClusterFact]
    public async Task Run_WhenTheCertificateCannotBeRead_SaysSoInOneSentence()
    {
        (int exitCode, _, string errors) = await SiloProcess.RunAsync(new Dictionary<string, string>
        {
            ["Postgres"] = postgres.Server!.ConnectionString,
            ["Model"] = _directory.At("model.safetensors"),
            ["Certificate"] = _authority.Save(_directory.At("silo.pfx"), _authority.Issue()),
            ["CertificatePassword"] = "wrong",
        });

        Assert.Equal(1, exitCode);
        Assert.StartsWith("foretell-silo: Foretell:Certificate is ", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    private async Task<SiloProcess> StartAsync(SiloCluster cluster, string roles, int port)
    {
        Dictionary<string, string> settings = cluster.Settings(roles);
        settings["Port"] = port.ToString(CultureInfo.InvariantCulture);
        Protect(settings, _authority);
        SiloProcess silo = await SiloProcess.StartAsync(settings);
        cluster.Silos.Add(silo);
        return silo;
    }

    private void Protect(Dictionary<string, string> settings, TestAuthority authority)
    {
        settings["Certificate"] = authority.Save(_directory.At($"{Guid.NewGuid():N}.pfx"), authority.Issue());
        settings["CertificatePassword"] = TestAuthority.Password;
    }

    /// <summary>Connects with a certificate, or none; returns how many bytes of an answer came.</summary>
    private static async Task<int> ConnectAsync(int port, X509Certificate2? certificate)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "silo.foretell.test",
                ClientCertificates = certificate is null ? [] : [certificate],
            });
        }
        catch (AuthenticationException)
        {
            return 0;
        }
        // In TLS 1.3 the client has done its part before the server judges it.
        return await AnswerAsync(tls);
    }

    private static async Task<int> AnswerAsync(Stream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
