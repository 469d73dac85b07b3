using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Silo.Settings;
using Foretell.Silo.Tests.Support;
using Foretell.Support;
using Microsoft.Extensions.Configuration;

namespace Foretell.Silo.Tests;

/// <summary>Orleans' dashboard is there for whoever has the password, and for nobody where it was not asked for.</summary>
public sealed partial class DashboardTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>, IDisposable
{
    private const string Password = "only-for-this-test";

    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [ClusterFact]
    public async Task Dashboard_WithThePassword_ShowsTheSilos_AndWithoutItNothing()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model);
        cluster.More["DashboardUrls"] = "http://127.0.0.1:0";
        cluster.More["DashboardPasswordFile"] = _directory.Write("password", Password + "\n");
        SiloProcess gateway = await cluster.AddAsync("gateway,ingest");
        await cluster.AddAsync("worker");
        await cluster.ProbeAllAsync(gateway);
        await gateway.SaysAsync("Orleans' dashboard is at ");
        var dashboard = new Uri(Address().Match(gateway.Errors).Value);

        foreach (string path in new[] { "/", "/index.html", "/DashboardCounters", "/ClusterStats", "/Trace", "/nowhere" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(cluster, new Uri(dashboard, path), null));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(cluster, new Uri(dashboard, path), "foretell:guess"));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(cluster, new Uri(dashboard, path), $"root:{Password}"));
        }
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(cluster, dashboard, $"foretell:{Password}"));
        // No way from one address to what the other serves.
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cluster, new Uri(dashboard, "/v1/status"), $"foretell:{Password}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cluster, new Uri(gateway.Url, "/ClusterStats"), $"foretell:{Password}"));
        using HttpResponseMessage answer = await SendAsync(cluster, new Uri(dashboard, "/DashboardCounters"), $"foretell:{Password}");
        using JsonDocument counters = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(2, counters.RootElement.GetProperty("hosts").GetArrayLength());
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", null,
        "Foretell:DashboardPasswordFile is missing, and the dashboard is not served without a password.")]
    [InlineData(null, Password, "Foretell:DashboardPasswordFile is given, and Foretell:DashboardUrls is not.")]
    [InlineData("http://127.0.0.1:8080", "short", "The password in the file that Foretell:DashboardPasswordFile names has 5 characters.")]
    [InlineData("http://127.0.0.1:8080;http://*:8081", Password,
        "Foretell:DashboardUrls has http://*:8081, which others than this machine can reach")]
    [InlineData("http://10.0.0.7:8080", Password, "Foretell:DashboardUrls has http://10.0.0.7:8080, which others")]
    [InlineData("8080", Password, "Foretell:DashboardUrls is '8080'. Give http addresses such as http://127.0.0.1:8080")]
    [InlineData("http://localhost:5057", Password, "Foretell:DashboardUrls is 'http://localhost:5057', and Foretell:Urls is 'http://127.0.0.1:5057' already. Give each a port of its own.")]
    public void Settings_WhenTheDashboardWouldBeOpen_AreRefused(string? urls, string? password, string sentence)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Foretell:Postgres"] = "Host=127.0.0.1",
            ["Foretell:Model"] = "model.safetensors",
            ["Foretell:DashboardUrls"] = urls,
            ["Foretell:DashboardPasswordFile"] = password is null ? null : _directory.Write("password", password),
        }).Build();

        string message = Assert.Throws<SettingsException>(() => SiloSettings.Read(configuration)).Message;

        Assert.StartsWith(sentence, message, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, message, StringComparison.Ordinal);
    }

    [GeneratedRegex("(?<=Orleans' dashboard is at )\\S+")]
    private static partial Regex Address();

    private static async Task<HttpStatusCode> StatusAsync(SiloCluster cluster, Uri address, string? user)
    {
        using HttpResponseMessage answer = await SendAsync(cluster, address, user);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(SiloCluster cluster, Uri address, string? user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = user is null ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        return await cluster.Http.SendAsync(request);
    }
}
