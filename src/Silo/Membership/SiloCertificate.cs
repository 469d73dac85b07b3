using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Foretell.Silo.Settings;

namespace Foretell.Silo.Membership;

/// <summary>The certificate by which silos know each other, and the judgement of another silo's.</summary>
/// <remarks>
/// A silo belongs to the cluster when its certificate has the same subject as this one's, comes from the same authority
/// (the root of this one's file; a certificate that nobody else signed is its own authority), and is in force. So each
/// silo may have its own, and one after the other may get a new one before the old one ends.
/// </remarks>
internal sealed class SiloCertificate
{
    private readonly X509Certificate2Collection _authorities = [], _intermediates = [];
    private readonly TimeProvider _time;

    private SiloCertificate(X509Certificate2Collection file, TimeProvider time)
    {
        _time = time;
        Own = file.First(c => c.HasPrivateKey);
        foreach (X509Certificate2 certificate in file)
        {
            (IsSelfSigned(certificate) ? _authorities : _intermediates).Add(certificate);
        }
    }

    /// <summary>This silo's certificate, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>The name that it is made out to.</summary>
    public string Name => Own.GetNameInfo(X509NameType.SimpleName, forIssuer: false);

    /// <summary>Reads a PKCS#12 file: certificate, key, and the certificates of the authority that signed it.</summary>
    /// <exception cref="SettingsException">The file cannot be read, or what is in it cannot be used now.</exception>
    public static SiloCertificate Load(string path, string? password, TimeProvider time)
    {
        X509Certificate2Collection file;
        try
        {
            file = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Foretell:Certificate is '{path}', which cannot be read: {e.Message.TrimEnd('.')}. "
                + "Give a PKCS#12 file, and its password as Foretell:CertificatePassword.", e);
        }
        if (!file.Any(c => c.HasPrivateKey))
        {
            throw new SettingsException(
                $"Foretell:Certificate is '{path}', which has no private key. Give a PKCS#12 file with certificate and key.");
        }
        var certificate = new SiloCertificate(file, time);
        // Whatever the others would refuse is told here, before they do.
        return certificate.Refuse(certificate.Own) is not { } reason ? certificate : throw new SettingsException(
            $"Foretell:Certificate is '{path}', which other silos would refuse: {reason}. Give a certificate that is in force, "
            + "in one PKCS#12 file with its key and the certificates of its authority.");
    }

    /// <summary>Why another silo's certificate does not belong to this cluster, as the end of a sentence; null when it does.</summary>
    public string? Refuse(X509Certificate2 other)
    {
        if (!other.SubjectName.RawData.AsSpan().SequenceEqual(Own.SubjectName.RawData))
        {
            return $"it is made out to '{other.Subject}', and the silos of this cluster to '{Own.Subject}'";
        }
        DateTime now = _time.GetUtcNow().UtcDateTime;
        if (now < other.NotBefore.ToUniversalTime() || now > other.NotAfter.ToUniversalTime())
        {
            return $"it is in force from {other.NotBefore.ToUniversalTime():u} to {other.NotAfter.ToUniversalTime():u}, and now it is {now:u}";
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(_intermediates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now;
        return chain.Build(other) ? null
            : $"its issuer '{other.Issuer}' leads to no authority of this cluster ({string.Join(", ", chain.ChainStatus.Select(s => s.Status))})";
    }

    private static bool IsSelfSigned(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
