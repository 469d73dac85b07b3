using System.Net;
using Foretell.Hosting;
using Foretell.Web.Guards;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Web.Tests.Guards;

/// <summary>Every endpoint that there is, whoever adds one: it names its scope, and nobody passes without it.</summary>
public class EndpointGuardTests
{
    private static readonly string[] s_open =
        ["GET /", "GET /health/cluster", "GET /health/live", "GET /health/ready", "GET /health/startup", "GET /openapi/{documentName}.json"];

    [Fact]
    public async Task Endpoint_WhenMapped_NamesItsScopeOrIsOneOfTheOpenOnes()
    {
        await using var api = await ApiHost.StartAsync();

        List<RouteEndpoint> endpoints = Endpoints(api);

        Assert.Equal(s_open, endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(Name).Order(StringComparer.Ordinal));
        Assert.Equal(
        [
            "operate GET /v1/models/{model}", "operate GET /v1/models/{model}/calibration", "operate GET /v1/status",
            "read GET /v1/alerts/events", "read GET /v1/dead-letters", "read GET /v1/overdue", "read GET /v1/streams/{stream}",
            "read GET /v1/streams/{stream}/actions",
            "read GET /v1/streams/{stream}/events", "read GET /v1/streams/{stream}/forecast", "read POST /v1/forecasts",
            "write POST /v1/events",
        ], Guarded(api).Select(e => $"{ScopeGuard.Of(e)} {Name(e)}").Order(StringComparer.Ordinal));
    }

    /// <summary>The whole platform is for operators; an endpoint that has it would show one tenant another's streams.</summary>
    [Fact]
    public async Task Endpoint_WhenATenantMayReachIt_HasTheTenantsPlatform()
    {
        await using var api = await ApiHost.StartAsync();

        foreach (RouteEndpoint endpoint in Guarded(api).Where(e => ScopeGuard.Of(e) != Scope.Operate))
        {
            Type[] parameters = [.. endpoint.Metadata.OfType<IParameterBindingMetadata>().Select(p => p.ParameterInfo.ParameterType)];

            Assert.True(parameters.Contains(typeof(TenantPlatform)), Name(endpoint));
            Assert.False(parameters.Contains(typeof(IPlatform)), Name(endpoint));
        }
    }

    [Fact]
    public async Task Endpoint_WhenThereIsNoKey_Answers401SayingHowToSendOne()
    {
        using var keys = new TestKeys();
        keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: keys.Options);

        foreach (RouteEndpoint endpoint in Guarded(api))
        {
            ApiResponse answer = await api.SendAsync(Request(endpoint));

            Assert.Contains("Authorization: Bearer fk_", answer.AssertProblem(401, "unauthenticated"), StringComparison.Ordinal);
            Assert.Equal("Bearer realm=\"foretell\"", answer.Header("WWW-Authenticate"));
        }
        (await api.GetAsync("/nowhere")).AssertProblem(401, "unauthenticated");
        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("read")]
    [InlineData("operate")]
    public async Task Endpoint_WhenTheKeyHasOneScope_OpensForItAlone(string scope)
    {
        using var keys = new TestKeys();
        string key = keys.Add(scope);
        await using var api = await ApiHost.StartAsync(guards: keys.Options);
        api.Key = key;

        foreach (RouteEndpoint endpoint in Guarded(api))
        {
            if (ScopeGuard.Of(endpoint) == scope)
            {
                Assert.False(await StatusAsync(api, endpoint) is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, Name(endpoint));
                continue;
            }
            string detail = (await api.SendAsync(Request(endpoint))).AssertProblem(403, "forbidden");
            Assert.Contains($"'{ScopeGuard.Of(endpoint)}'", detail, StringComparison.Ordinal);
        }
        (await api.GetAsync("/nowhere")).AssertProblem(404, "unknown-address");
    }

    [Fact]
    public async Task Endpoint_WhenNobodyNeedsAKey_IsOpen()
    {
        await using var api = await ApiHost.StartAsync();

        foreach (RouteEndpoint endpoint in Guarded(api))
        {
            Assert.False(await StatusAsync(api, endpoint) is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, Name(endpoint));
        }
    }

    [Theory]
    [InlineData("/health/live", "200")]
    [InlineData("/openapi/v1.json", "200")]
    [InlineData("/docs/index.html", "200")]
    public async Task OpenEndpoint_WhenThereIsNoKey_Answers(string address, string status)
    {
        using var keys = new TestKeys();
        keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: keys.Options);

        Assert.Equal(status, $"{(int)(await api.GetAsync(address)).Status}");
    }

    [Theory]
    [InlineData("/health/ready")]
    [InlineData("/health/cluster")]
    public async Task Health_WhenSomethingIsWrong_TellsWhatToOperatorsOnly(string address)
    {
        using var keys = new TestKeys();
        string read = keys.Add("read"), operate = keys.Add("operate");
        await using var api = await ApiHost.StartAsync(guards: keys.Options, wrap: platform => new FaultyPlatform(platform)
        {
            OnHealth = health => health with { Problems = ["Disk /data is full."] },
            OnStatus = status => status with { Problems = ["Disk /data is full."] },
        });

        foreach (string? key in new[] { null, read })
        {
            api.Key = key;
            Assert.DoesNotContain("Disk", (await api.GetAsync(address)).AssertProblem(503, "not-ready"), StringComparison.Ordinal);
        }
        api.Key = operate;
        Assert.Equal("Disk /data is full.", (await api.GetAsync(address)).AssertProblem(503, "not-ready"));
    }

    private static async Task<HttpStatusCode> StatusAsync(ApiHost api, RouteEndpoint endpoint)
    {
        using var http = new HttpClient { BaseAddress = api.Address };
        HttpRequestMessage request = Request(endpoint);
        request.Headers.Authorization = api.Key is null ? null : new("Bearer", api.Key);
        // A feed has no end: its head is all that is asked for.
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    internal static List<RouteEndpoint> Endpoints(ApiHost api) =>
        [.. api.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];

    internal static IEnumerable<RouteEndpoint> Guarded(ApiHost api) => Endpoints(api).Where(e => !s_open.Contains(Name(e)));

    internal static string Name(RouteEndpoint endpoint) =>
        $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} {endpoint.RoutePattern.RawText}";

    /// <summary>A request that the endpoint understands, about a stream.</summary>
    internal static HttpRequestMessage Request(RouteEndpoint endpoint, string stream = "a", string model = "m", string query = "")
    {
        string[] name = Name(endpoint).Split(' ');
        string address = name[1].Replace("{stream}", Uri.EscapeDataString(stream), StringComparison.Ordinal)
            .Replace("{model}", model, StringComparison.Ordinal) + query;
        return new HttpRequestMessage(new HttpMethod(name[0]), address)
        {
            Content = name[0] == "GET" ? null : ApiHost.Content("application/json",
                name[1] == "/v1/events" ? $$"""{"stream":"{{stream}}","time":1769904000}""" : $$"""{"streams":["{{stream}}"]}"""),
        };
    }
}
