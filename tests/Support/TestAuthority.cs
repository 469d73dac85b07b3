using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Foretell.Support;

/// <summary>A certificate authority made for one test.</summary>
public sealed class TestAuthority : IDisposable
{
    /// <summary>Subject of the silos' certificates, and the password of the files that hold them.</summary>
    public const string Subject = "CN=silo.foretell.test", Password = "of the test";

    /// <summary>Its own certificate, with its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>Makes one, in force for a month on both sides of today.</summary>
    public TestAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    /// <summary>A certificate with its key, in force from yesterday on.</summary>
    public X509Certificate2 Issue(string subject = Subject, int days = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate =
            request.Create(Root, now.AddDays(Math.Min(-1, days - 1)), now.AddDays(days), RandomNumberGenerator.GetBytes(16));
        using X509Certificate2 withKey = certificate.CopyWithPrivateKey(key);
        // By way of bytes: a key that lives in memory only is of no use to every platform's TLS.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Writes a silo's file: certificate, key, and this authority's certificate unless it is to be left out.</summary>
    public string Save(string path, X509Certificate2 certificate, bool withRoot = true)
    {
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(Root.RawData);
        X509Certificate2Collection file = withRoot ? [certificate, root] : [certificate];
        File.WriteAllBytes(path, file.Export(X509ContentType.Pkcs12, Password)!);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => Root.Dispose();
}
