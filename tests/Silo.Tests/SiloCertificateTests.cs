using System.Security.Cryptography.X509Certificates;
using Foretell.Silo.Membership;
using Foretell.Silo.Settings;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

public sealed class SiloCertificateTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly TestAuthority _authority = new("Authority of the cluster"), _stranger = new("Another authority");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Refuse_WhenASiloHasAnotherCertificateOfTheSameAuthority_LetsItIn()
    {
        SiloCertificate certificate = Load(_authority.Save(_directory.At("own.pfx"), _authority.Issue()));

        Assert.Null(certificate.Refuse(_authority.Issue()));
        Assert.Equal("silo.foretell.test", certificate.Name);
    }

    [Fact]
    public void Refuse_WhenACertificateDoesNotBelongHere_SaysWhy()
    {
        SiloCertificate certificate = Load(_authority.Save(_directory.At("own.pfx"), _authority.Issue()));

        Assert.StartsWith("its issuer 'CN=Another authority' leads to no authority of this cluster", certificate.Refuse(_stranger.Issue()),
            StringComparison.Ordinal);
        Assert.StartsWith("it is in force from ", certificate.Refuse(_authority.Issue(days: -1)), StringComparison.Ordinal);
        Assert.Equal("it is made out to 'CN=somebody', and the silos of this cluster to 'CN=silo.foretell.test'",
            certificate.Refuse(_authority.Issue("CN=somebody")));
    }

    [Fact]
    public void Refuse_WhenTheClusterHasOneSelfSignedCertificate_LetsInNoOther()
    {
        using var own = new TestAuthority("Silo");
        using var other = new TestAuthority("Silo");
        File.WriteAllBytes(_directory.At("self.pfx"), own.Root.Export(X509ContentType.Pkcs12, TestAuthority.Password));
        SiloCertificate certificate = Load(_directory.At("self.pfx"));

        Assert.Null(certificate.Refuse(own.Root));
        Assert.Contains("leads to no authority", certificate.Refuse(other.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenTheFileCannotBeUsed_SaysWhatIsNeeded()
    {
        string good = _authority.Save(_directory.At("good.pfx"), _authority.Issue());
        string bare = _authority.Save(_directory.At("bare.pfx"), _authority.Issue(), withRoot: false);
        string old = _authority.Save(_directory.At("old.pfx"), _authority.Issue(days: -1));
        string keyless = _authority.Save(_directory.At("keyless.pfx"), X509CertificateLoader.LoadCertificate(_authority.Issue().RawData));
        string missing = _directory.At("missing.pfx");

        Assert.StartsWith($"Foretell:Certificate is '{missing}', which cannot be read: ", Refusal(missing), StringComparison.Ordinal);
        Assert.StartsWith($"Foretell:Certificate is '{good}', which cannot be read: ", Refusal(good, "wrong"), StringComparison.Ordinal);
        Assert.EndsWith(". Give a PKCS#12 file, and its password as Foretell:CertificatePassword.", Refusal(good, "wrong"),
            StringComparison.Ordinal);
        Assert.Contains("which has no private key", Refusal(keyless), StringComparison.Ordinal);
        Assert.Contains("which other silos would refuse: it is in force from", Refusal(old), StringComparison.Ordinal);
        Assert.Contains("which other silos would refuse: its issuer 'CN=Authority of the cluster' leads to no authority", Refusal(bare),
            StringComparison.Ordinal);
    }

    private static SiloCertificate Load(string path, string password = TestAuthority.Password) =>
        SiloCertificate.Load(path, password, TimeProvider.System);

    private static string Refusal(string path, string password = TestAuthority.Password) =>
        Assert.Throws<SettingsException>(() => Load(path, password)).Message;
}
