using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Foretell.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --jwt-authority, with a provider that is met over TLS: it publishes its keys as OpenID Connect Discovery says,
/// changes them, and goes away.</summary>
public sealed class TokenProviderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Token_WhenItsProviderIsMet_HoldsByTheKeysThatItPublishes()
    {
        using var authority = new TestAuthority("provider");
        _folder.Write("root.pem", authority.Root.ExportCertificatePem());
        await using var provider = await Provider.StartAsync(authority);
        await using ForetellProcess host = StartHost(provider.Url);
        var url = new Uri(await host.ListeningAsync());

        Assert.Equal(HttpStatusCode.OK, await AskAsync(url, provider.Token()));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(url, null));
        // A key that the host has not seen makes it look again, beside the request.
        provider.ChangeKey();
        await Until.TrueAsync(async () => await AskAsync(url, provider.Token()) == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
        using var stranger = new Key("key-2");
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(url, stranger.Token(provider.Url)));
    }

    [Fact]
    public async Task Token_WhenItsProviderIsAway_Is503SayingSoUntilItIsBack()
    {
        using var authority = new TestAuthority("provider");
        _folder.Write("root.pem", authority.Root.ExportCertificatePem());
        var provider = await Provider.StartAsync(authority);
        await using ForetellProcess host = StartHost(provider.Url);
        var url = new Uri(await host.ListeningAsync());
        string token = provider.Token();
        await provider.DisposeAsync();

        using (HttpResponseMessage answer = await SendAsync(url, token))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            string detail = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]!;
            Assert.Contains("identity provider", detail, StringComparison.Ordinal);
            Assert.DoesNotContain(provider.Url, detail, StringComparison.Ordinal);
        }
        await using Provider back = await Provider.StartAsync(authority, new Uri(provider.Url).Port);
        await Until.TrueAsync(async () => await AskAsync(url, back.Token()) == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
    }

    private ForetellProcess StartHost(string provider) => ForetellProcess.StartWith(_folder.Path, ("SSL_CERT_FILE", _folder.At("root.pem")),
        "run", "--no-demo", "--urls", "http://127.0.0.1:0", "--jwt-authority", provider, "--jwt-audience", "foretell");

    private static async Task<HttpStatusCode> AskAsync(Uri url, string? token)
    {
        using HttpResponseMessage answer = await SendAsync(url, token);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(Uri url, string? token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await http.GetAsync(new Uri(url, "/v1/overdue"));
    }

    /// <summary>A key that signs tokens.</summary>
    private sealed class Key(string id) : IDisposable
    {
        private readonly RSA _rsa = RSA.Create(2048);

        public object Published()
        {
            RSAParameters key = _rsa.ExportParameters(includePrivateParameters: false);
            (string n, string e) = (Base64UrlEncoder.Encode(key.Modulus), Base64UrlEncoder.Encode(key.Exponent));
            return new { kty = "RSA", use = "sig", kid = id, n, e };
        }

        public string Token(string issuer) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = "foretell",
            Expires = DateTime.UtcNow.AddHours(1),
            Claims = new Dictionary<string, object> { ["sub"] = "shop", ["scope"] = "read" },
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(_rsa) { KeyId = id }, SecurityAlgorithms.RsaSha256),
        });

        public void Dispose() => _rsa.Dispose();
    }

    /// <summary>An identity provider as far as a host sees it: OpenID Connect Discovery 1.0, section 4, and RFC 7517.</summary>
    private sealed class Provider : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private Key _key = new("key-1");

        private Provider(WebApplication app) => _app = app;

        public string Url { get; private set; } = "";

        public static async Task<Provider> StartAsync(TestAuthority authority, int port = 0)
        {
            X509Certificate2 certificate = authority.Issue("CN=localhost");
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(o =>
                o.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(certificate)));
            builder.Services.AddRoutingCore();
            WebApplication app = builder.Build();
            var provider = new Provider(app);
            app.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = provider.Url, jwks_uri = $"{provider.Url}/keys" }));
            app.MapGet("/keys", () => Results.Json(new { keys = new[] { provider._key.Published() } }));
            await app.StartAsync();
            string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
            provider.Url = $"https://localhost:{new Uri(address).Port}";
            return provider;
        }

        public string Token() => _key.Token(Url);

        public void ChangeKey()
        {
            _key.Dispose();
            _key = new Key("key-2");
        }

        public async ValueTask DisposeAsync()
        {
            await _app.DisposeAsync();
            _key.Dispose();
        }
    }
}
