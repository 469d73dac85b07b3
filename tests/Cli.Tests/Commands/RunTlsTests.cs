using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run over https, with certificates of both forms, and a renewal.</summary>
public sealed class RunTlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Host_WhenItsPemFilesAreRenewed_ServesTheNewCertificateWithoutARestart()
    {
        string first = WritePem("first");
        await using ForetellProcess host = Start("--tls-cert", _folder.At("host.pem"), "--tls-key", _folder.At("host-key.pem"));
        var url = new Uri(await host.ListeningAsync());
        Assert.Equal(first, (await CertificateAsync(url)).Thumbprint);
        Assert.Equal("https", url.Scheme);

        // The two files are not replaced at once: in between, the old pair stays.
        string second = WritePem("second");

        await Until.TrueAsync(async () => (await CertificateAsync(url)).Thumbprint == second, TimeSpan.FromSeconds(30));
        File.WriteAllText(_folder.At("host.pem"), "no certificate");
        Assert.Equal(second, (await CertificateAsync(url)).Thumbprint);
    }

    [Fact]
    public async Task Host_WhenItHasAPkcs12File_AnswersOverTls()
    {
        using X509Certificate2 certificate = Make("pfx", TimeSpan.FromDays(1));
        File.WriteAllBytes(_folder.At("host.pfx"), certificate.Export(X509ContentType.Pkcs12, "a password"));
        _folder.Write("password", "a password\n");
        await using ForetellProcess host = Start("--tls-cert", _folder.At("host.pfx"), "--tls-password-file", _folder.At("password"));
        var url = new Uri(await host.ListeningAsync());
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, other, _, _) => other?.GetCertHashString() == certificate.Thumbprint,
            },
        });

        Assert.Contains("live", await http.GetStringAsync(new Uri(url, "/health/live")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none.pem", "host-key.pem", "cannot be used")]
    [InlineData("host.pem", "other-key.pem", "cannot be used")]
    [InlineData("old.pem", "old-key.pem", "has ended on")]
    public async Task Host_WhenItsCertificateCannotBeUsed_SaysSoAndBeginsNothing(string certificate, string key, string sentence)
    {
        WritePem("host");
        WritePem("other", "other");
        WritePem("old", "old", TimeSpan.FromDays(-1));

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo", "--urls", "https://127.0.0.1:0",
            "--tls-cert", certificate, "--tls-key", key);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Sentence, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("foretell-data")));
    }

    private ForetellProcess Start(params string[] arguments) =>
        ForetellProcess.Start(_folder.Path, ["run", "--no-demo", "--urls", "https://127.0.0.1:0", .. arguments]);

    private string WritePem(string subject, string name = "host", TimeSpan? lifetime = null)
    {
        using X509Certificate2 certificate = Make(subject, lifetime ?? TimeSpan.FromDays(1));
        using RSA key = certificate.GetRSAPrivateKey()!;
        _folder.Write($"{name}.pem", certificate.ExportCertificatePem());
        _folder.Write($"{name}-key.pem", key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    private static X509Certificate2 Make(string subject, TimeSpan lifetime)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={subject}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now - TimeSpan.FromDays(2), now + lifetime);
    }

    private static async Task<X509Certificate2> CertificateAsync(Uri url)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(url.Host, url.Port);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "host" });
        return new X509Certificate2(tls.RemoteCertificate!);
    }
}
