using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Foretell.Silo.Tests.Support;
using Foretell.Support;
using Foretell.Web.Guards;

namespace Foretell.Silo.Tests;

/// <summary>A gateway with keys and https, and one that would be open.</summary>
public sealed class GatewayGuardTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ClusterFact]
    public async Task Gateway_WhenItHasKeysAndACertificate_KeepsTenantsApartAndForgetsRevokedKeys()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model, "ingest,worker");
        Dictionary<string, string> settings = cluster.Settings("gateway");
        settings["Urls"] = "https://127.0.0.1:0";
        (settings["HttpsCertificate"], settings["HttpsKey"]) = WriteCertificate();
        string acme = AddKey("acme", Scope.Write, Scope.Read), globex = AddKey("globex", Scope.Write, Scope.Read);
        string operate = AddKey(null, Scope.Operate);
        settings["Keys"] = _folder.At(KeyFile.Name);
        await using SiloProcess gateway = await SiloProcess.StartAsync(settings);
        Assert.Equal("https", gateway.Url.Scheme);

        string position = await SendAsync(gateway, acme, "acme/a");
        await SendAsync(gateway, globex, "globex/secret");

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(gateway, null, "/v1/status")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(gateway, acme, "/v1/status")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(gateway, operate, "/v1/status")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(gateway, null, "/health/live")).StatusCode);
        await Until.TrueAsync(async () => (await GetAsync(gateway, acme, $"/v1/streams/acme%2Fa?after={position}")).IsSuccessStatusCode, TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(gateway, acme, "/v1/streams/globex%2Fsecret")).StatusCode);
        await Until.TrueAsync(async () => (await (await GetAsync(gateway, globex, "/v1/overdue")).Content.ReadAsStringAsync())
            .Contains("globex/secret", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("secret", await (await GetAsync(gateway, acme, "/v1/overdue")).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        KeyFile.Update(_folder.At(KeyFile.Name), keys => [.. keys.Select(k => k.Tenant == "acme/" ? k with { Revoked = k.Created } : k)]);

        await Until.TrueAsync(async () => (await GetAsync(gateway, acme, "/v1/overdue")).StatusCode == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(30));
        await gateway.SaysAsync($"key {acme[3..15]} is revoked");
        Assert.All(new[] { acme, globex, operate }, key => Assert.DoesNotContain(key[16..], gateway.Errors, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Urls", "http://*:0", "anyone could read and write everything there")]
    [InlineData("Address", "10.0.0.7", "could join the cluster")]
    [InlineData("Keys", "none.json", "Foretell:Keys is 'none.json', which cannot be used")]
    [InlineData("HttpsCertificate", "none.pem", "nothing there is https")]
    public async Task Silo_WhenItWouldBeOpen_EndsWithASentence(string name, string value, string sentence)
    {
        (int exitCode, _, string errors) = await SiloProcess.RunAsync(new Dictionary<string, string>
        {
            ["Postgres"] = "Host=127.0.0.1;Port=1",
            ["Model"] = "model.safetensors",
            ["Urls"] = "http://127.0.0.1:0",
            ["StartSeconds"] = "0",
            [name] = value,
        });

        Assert.Equal(1, exitCode);
        Assert.Contains(sentence, errors, StringComparison.Ordinal);
    }

    private static async Task<string> SendAsync(SiloProcess gateway, string key, string stream)
    {
        using HttpClient http = Connect(gateway, key);
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/events", new { stream, time = 1_769_900_000 });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("position").GetString()!;
    }

    private static async Task<HttpResponseMessage> GetAsync(SiloProcess gateway, string? key, string path)
    {
        using HttpClient http = Connect(gateway, key);
        return await http.GetAsync(path);
    }

    private static HttpClient Connect(SiloProcess gateway, string? key) =>
        new(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true })
        {
            BaseAddress = gateway.Url,
            DefaultRequestHeaders = { Authorization = key is null ? null : new("Bearer", key) },
        };

    private string AddKey(string? tenant, params string[] scopes)
    {
        var key = ApiKey.Create(new ApiKey
        {
            Id = "",
            Hash = "",
            Name = "test",
            Scopes = scopes,
            Tenant = tenant is null ? null : Tenant.Parse(tenant).Prefix,
            Created = TimeProvider.System.GetUtcNow(),
        }, out string text);
        KeyFile.Update(_folder.At(KeyFile.Name), keys => [.. keys, key]);
        return text;
    }

    private (string Certificate, string Key) WriteCertificate()
    {
        using RSA key = RSA.Create(2048);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now - TimeSpan.FromDays(1), now + TimeSpan.FromDays(1));
        return (_folder.Write("host.pem", certificate.ExportCertificatePem()), _folder.Write("host-key.pem", key.ExportPkcs8PrivateKeyPem()));
    }
}
