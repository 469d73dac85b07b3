using System.Security.Cryptography;
using System.Text.Json;
using Foretell.Support;
using Foretell.Web.Guards;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Foretell.Web.Tests.Guards;

/// <summary>Tokens of an identity provider, whose keys are in a file.</summary>
public sealed class JwtTests : IDisposable
{
    private const string Issuer = "https://id.example.com", Audience = "foretell";

    private readonly TemporaryFolder _folder = new();
    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "k-1" };

    public JwtTests() => WriteKeys(_key);

    public void Dispose()
    {
        _key.Rsa.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("scope", "read write", "/v1/overdue", 200)]
    [InlineData("scp", "read", "/v1/overdue", 200)]
    [InlineData("roles", "read", "/v1/overdue", 200)]
    [InlineData("scope", "write", "/v1/overdue", 403)]
    [InlineData("scope", "openid readers", "/v1/overdue", 403)]
    [InlineData("scope", "operate", "/v1/status", 200)]
    public async Task Token_WhenItHolds_AllowsWhatItsClaimsSay(string claim, string value, string address, int status)
    {
        await using var api = await StartAsync();
        api.Key = Token(api, claims: new() { [claim] = value });

        Assert.Equal(status, (int)(await api.GetAsync(address)).Status);
    }

    [Fact]
    public async Task Token_WhenItNamesATenant_IsForItsStreamsOnly()
    {
        await using var api = await StartAsync(tenantClaim: "org");

        api.Key = Token(api, claims: new() { ["scope"] = "read write operate", ["org"] = "acme" });
        await api.SendEventsAsync("""{"stream":"acme/a","time":1}""");
        Assert.Equal(0, (int)(await api.PostAsync("/v1/events", "application/json", """{"stream":"globex/a","time":1}""")).Json["accepted"]!);
        (await api.GetAsync("/v1/status")).AssertProblem(403, "forbidden");
        api.Key = Token(api, claims: new() { ["scope"] = "read operate", ["org"] = "*" });
        Assert.Equal(200, (int)(await api.GetAsync("/v1/status")).Status);
        // A token without a tenant would see everybody's streams.
        api.Key = Token(api, claims: new() { ["scope"] = "read" });
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
        api.Key = Token(api, claims: new() { ["scope"] = "read", ["org"] = new[] { "acme", "globex" } });
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Token_WhenItDoesNotHold_Answers401()
    {
        await using var api = await StartAsync();
        using RSA other = RSA.Create(2048);
        byte[] publicKey = _key.Rsa.ExportSubjectPublicKeyInfo();
        var wrong = new Dictionary<string, string>
        {
            ["another's signature"] = Token(api, key: new RsaSecurityKey(other) { KeyId = "k-1" }),
            ["an unknown key"] = Token(api, key: new RsaSecurityKey(other) { KeyId = "k-2" }),
            ["another issuer"] = Token(api, issuer: "https://other.example.com"),
            ["another audience"] = Token(api, audience: "shop"),
            ["its end behind it"] = Token(api, expires: TimeSpan.FromMinutes(-1)),
            ["its beginning ahead"] = Token(api, notBefore: TimeSpan.FromMinutes(5)),
            ["the public key as a secret"] = Token(api, key: new SymmetricSecurityKey(publicKey) { KeyId = "k-1" }, algorithm: "HS256"),
            ["no signature"] = Token(api).Split('.') is [_, var body, _] ? $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{body}." : "",
        };

        foreach ((string what, string token) in wrong)
        {
            api.Key = token;
            ApiResponse answer = await api.GetAsync("/v1/overdue");
            Assert.True((int)answer.Status == 401, what);
            Assert.Equal("Bearer realm=\"foretell\"", answer.Header("WWW-Authenticate"));
        }
        api.Key = Token(api);
        Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);
        Assert.DoesNotContain(api.Logs.Lines, line => wrong.Values.Any(t => line.Text.Contains(t, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Token_WhenTheProvidersKeysChange_IsCheckedByTheNewOnes()
    {
        await using var api = await StartAsync();
        using RSA rsa = RSA.Create(2048);
        var next = new RsaSecurityKey(rsa) { KeyId = "k-2" };

        WriteKeys(next);
        api.Clock.Advance(TimeSpan.FromSeconds(1));

        api.Key = Token(api, key: next);
        Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);
        api.Key = Token(api);
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Token_WhenAFileOfKeysIsThere_HoldsBesideThem()
    {
        using var keys = new TestKeys();
        string key = keys.Add("read");
        await using var api = await StartAsync(keys: keys.Path);

        foreach (string credential in new[] { key, Token(api) })
        {
            api.Key = credential;
            Assert.Equal(200, (int)(await api.GetAsync("/v1/overdue")).Status);
        }
        api.Key = null;
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Provider_WhenItsKeysCannotBeRead_IsRefusedAtTheStart()
    {
        _folder.Write("keys", """{"keys":[]}""");

        Assert.Contains("Give a JSON Web Key Set", (await Assert.ThrowsAsync<InvalidDataException>(() => StartAsync())).Message, StringComparison.Ordinal);
    }

    private Task<ApiHost> StartAsync(string? tenantClaim = null, string? keys = null) => ApiHost.StartAsync(guards: new GuardOptions
    {
        KeysFile = keys,
        Jwt = new JwtSettings { KeysFile = _folder.At("keys"), Issuer = Issuer, Audience = Audience, TenantClaim = tenantClaim },
    });

    private void WriteKeys(RsaSecurityKey key)
    {
        var publicKey = new RsaSecurityKey(key.Rsa.ExportParameters(false)) { KeyId = key.KeyId };
        JsonWebKey json = JsonWebKeyConverter.ConvertFromRSASecurityKey(publicKey);
        _folder.Write("keys", JsonSerializer.Serialize(new { keys = new[] { new { json.Kty, json.N, json.E, json.Kid } } },
            new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase }));
    }

    private string Token(ApiHost api, SecurityKey? key = null, string algorithm = "RS256", string issuer = Issuer, string audience = Audience,
        TimeSpan? expires = null, TimeSpan? notBefore = null, Dictionary<string, object>? claims = null)
    {
        DateTime now = api.Clock.Now.UtcDateTime;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Expires = now + (expires ?? TimeSpan.FromHours(1)),
            NotBefore = now + (notBefore ?? TimeSpan.FromHours(-2)),
            Claims = new Dictionary<string, object>(claims ?? new() { ["scope"] = "read" }) { ["sub"] = "alice" },
            SigningCredentials = new SigningCredentials(key ?? _key, algorithm),
        });
    }
}
