using Foretell.Web.Guards;

namespace Foretell.Web.Tests.Guards;

public class ListenGuardTests
{
    [Theory]
    [InlineData("http://127.0.0.1:1", "", null)]
    [InlineData("http://localhost:1;http://[::1]:1", "", null)]
    [InlineData("http://127.0.0.2:1", "", null)]
    [InlineData("http://0.0.0.0:1", "", "anyone could read and write everything")]
    [InlineData("http://*:1", "", "anyone could read and write everything")]
    [InlineData("http://[::]:1", "", "anyone could read and write everything")]
    [InlineData("http://host.example.com:1", "", "anyone could read and write everything")]
    [InlineData("http://127.0.0.1:1;http://10.0.0.7:1", "", "http://10.0.0.7:1")]
    [InlineData("http://0.0.0.0:1", "keys", "in the clear")]
    [InlineData("http://0.0.0.0:1;https://0.0.0.0:2", "keys certificate", "in the clear")]
    [InlineData("https://0.0.0.0:1", "certificate", "anyone could read and write everything")]
    [InlineData("https://0.0.0.0:1", "keys", "there is no certificate")]
    [InlineData("https://127.0.0.1:1", "insecure", "there is no certificate")]
    [InlineData("http://127.0.0.1:1", "certificate", "nothing there is https")]
    [InlineData("https://0.0.0.0:1;http://127.0.0.1:2", "keys certificate", null)]
    [InlineData("http://0.0.0.0:1", "keys proxy", null)]
    [InlineData("http://0.0.0.0:1", "proxy", "anyone could read and write everything")]
    [InlineData("http://0.0.0.0:1", "insecure", null)]
    public void Refuse_WhenAddressesAndGuardsAreGiven_SaysWhatIsMissing(string urls, string has, string? sentence)
    {
        var guard = new ListenGuard
        {
            Urls = urls,
            HasCertificate = has.Contains("certificate", StringComparison.Ordinal),
            NeedsKeys = has.Contains("keys", StringComparison.Ordinal),
            IsBehindTlsProxy = has.Contains("proxy", StringComparison.Ordinal),
            IsInsecure = has.Contains("insecure", StringComparison.Ordinal),
            Names = ("--urls", "--tls-cert", "--keys", "--behind-tls-proxy", "--insecure"),
        };

        string? refusal = guard.Refuse();

        Assert.Equal(sentence is null, refusal is null);
        Assert.Contains(sentence ?? "", refusal ?? "", StringComparison.Ordinal);
    }
}
