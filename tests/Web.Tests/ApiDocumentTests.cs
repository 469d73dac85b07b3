using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class ApiDocumentTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task OpenApi_WhenRead_ListsEveryPathWithEveryAnswer()
    {
        ApiHost api = shared.Host;

        JsonNode document = (await api.GetAsync("/openapi/v1.json")).Json;

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        string[] answers = [.. document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation =>
                $"{operation.Key.ToUpperInvariant()} {path.Key}: {string.Join(' ', operation.Value!["responses"]!.AsObject().Select(r => r.Key).Order())}"))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(
        [
            "GET /health/cluster: 200 503",
            "GET /health/live: 200",
            "GET /health/ready: 200 503",
            "GET /health/startup: 200 503",
            "GET /v1/alerts/events: 200 401 403 429 503",
            "GET /v1/dead-letters: 200 400 401 403 429 503 504",
            "GET /v1/models/{model}/calibration: 200 400 401 403 404 429 503 504",
            "GET /v1/models/{model}: 200 400 401 403 404 429",
            "GET /v1/overdue: 200 400 401 403 429 503 504",
            "GET /v1/status: 200 400 401 403 429 503 504",
            "GET /v1/streams/{stream}/actions: 200 400 401 403 404 429 503 504",
            "GET /v1/streams/{stream}/events: 200 400 401 403 404 429 503 504",
            "GET /v1/streams/{stream}/forecast: 200 400 401 403 404 429 503 504",
            "GET /v1/streams/{stream}: 200 400 401 403 404 429 503 504",
            "POST /v1/events: 202 400 401 403 408 409 413 415 422 429 503",
            "POST /v1/forecasts: 200 400 401 403 408 413 415 429 503 504",
        ], answers);
    }

    [Fact]
    public async Task OpenApi_WhenRead_DescribesEveryOperationParameterAndAnswer()
    {
        ApiHost api = shared.Host;

        JsonNode document = (await api.GetAsync("/openapi/v1.json")).Json;

        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                string name = $"{method} {path}";
                Assert.True(Has(operation!, "summary") && Has(operation!, "operationId"), name);
                foreach (JsonNode? parameter in operation!["parameters"]?.AsArray() ?? [])
                {
                    Assert.True(Has(parameter!, "description"), $"{name} {parameter!["name"]}");
                    // The explorer fills examples in: no fixed position, moment or key suits every platform and request, and a
                    // filter would hide streams.
                    bool isOfOnePlatform =
                        (string?)parameter!["name"] is "after" or "at" or "model" or "columns" or "Idempotency-Key" or "prefix" or "newerThan" or "within";
                    Assert.Equal(isOfOnePlatform, parameter["example"] is null);
                }
                foreach ((string status, JsonNode? response) in operation["responses"]!.AsObject())
                {
                    Assert.True(Has(response!, "description"), $"{name} {status}");
                    string media = status[0] != '2' && status != "422" ? "application/problem+json"
                        : path.EndsWith("/events", StringComparison.Ordinal) && method == "get" ? "text/event-stream" : "application/json";
                    Assert.True(response!["content"]?[media]?["schema"] is not null, $"{name} {status} has no {media}.");
                }
            }
        }
        foreach ((string schema, JsonNode? definition) in document["components"]!["schemas"]!.AsObject())
        {
            if (schema == "ProblemDetails")
            {
                continue;
            }
            foreach ((string property, JsonNode? value) in definition!["properties"]?.AsObject() ?? [])
            {
                Assert.True(Describes(value!), $"{schema}.{property} has no description.");
            }
        }
    }

    [Theory]
    [InlineData("/v1/streams/{stream}", "get", "after stream")]
    [InlineData("/v1/models/{model}", "get", "model")]
    [InlineData("/v1/models/{model}/calibration", "get", "after model")]
    [InlineData("/v1/streams/{stream}/forecast", "get", "after at expectedCount horizon marks paths quantiles stream within")]
    [InlineData("/v1/streams/{stream}/actions", "get", "after at horizon quantiles stream")]
    [InlineData("/v1/streams/{stream}/events", "get", "Last-Event-ID after horizon marks quantiles stream")]
    [InlineData("/v1/alerts/events", "get", "Last-Event-ID")]
    [InlineData("/v1/forecasts", "post", "after")]
    [InlineData("/v1/overdue", "get", "after at gone limit newerThan prefix")]
    [InlineData("/v1/dead-letters", "get", "after limit")]
    [InlineData("/v1/events", "post", "Idempotency-Key columns")]
    public async Task OpenApi_WhenRead_NamesEachParameterOnce(string path, string method, string names)
    {
        ApiHost api = shared.Host;

        JsonNode operation = (await api.GetAsync("/openapi/v1.json")).Json["paths"]![path]![method]!;

        Assert.Equal(names.Split(' '), operation["parameters"]!.AsArray().Select(p => (string)p!["name"]!).Order(StringComparer.Ordinal));
        Assert.All(operation["parameters"]!.AsArray(),
            p => Assert.Equal((string?)p!["in"] == "path", (bool?)p!["required"] ?? false));
    }

    [Fact]
    public async Task OpenApi_WhenItsExamplesAreSent_TheyAreAccepted()
    {
        ApiHost api = shared.Host;
        JsonNode paths = (await api.GetAsync("/openapi/v1.json")).Json["paths"]!;
        var bodies = paths["/v1/events"]!["post"]!["requestBody"]!["content"]!.AsObject();
        Assert.Equal(["application/cloudevents+json", "application/cloudevents-batch+json", "application/json", "application/x-ndjson",
            "text/csv"],
            bodies.Select(b => b.Key).Order(StringComparer.Ordinal));

        foreach ((string mediaType, JsonNode? media) in bodies)
        {
            JsonNode example = media!["example"]!;
            string body = example is JsonValue text ? (string)text! : example.ToJsonString();
            ApiResponse answer = await api.PostAsync("/v1/events", mediaType, body);
            Assert.Equal(HttpStatusCode.Accepted, answer.Status);
            Assert.Empty(answer.Json["rejected"]!.AsArray());
        }
        string question = paths["/v1/forecasts"]!["post"]!["requestBody"]!["content"]!["application/json"]!["example"]!.ToJsonString();
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/v1/forecasts", "application/json", question)).Status);
    }

    [Fact]
    public async Task OpenApi_WhenRead_SaysWhichScopeAKeyNeeds()
    {
        JsonNode document = (await shared.Host.GetAsync("/openapi/v1.json")).Json;

        Assert.Equal("bearer", (string?)document["components"]!["securitySchemes"]!["bearer"]!["scheme"]);
        Assert.Equal("write", Scope("/v1/events", "post"));
        Assert.Equal("read", Scope("/v1/overdue", "get"));
        Assert.Equal("operate", Scope("/v1/status", "get"));
        Assert.Null(Scope("/health/live", "get"));

        string? Scope(string path, string method) =>
            (string?)document["paths"]![path]![method]!["security"]?[0]!["bearer"]![0];
    }

    [Fact]
    public async Task OpenApi_WhenRead_ResolvesEveryReference()
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync("/openapi/v1.json");

        var references = Regex.Matches(answer.Text, "\"#/components/schemas/([^\"]+)\"").Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.Contains("Event", references);
        Assert.All(references, name => Assert.NotNull(answer.Json["components"]!["schemas"]![name]));
    }

    [Fact]
    public async Task Explorer_WhenOpened_LoadsNothingFromElsewhere()
    {
        ApiHost api = shared.Host;
        Assert.Equal("/docs", (await api.GetAsync("/")).Header("Location"));

        ApiResponse page = await api.GetAsync("/docs/index.html");

        Assert.Equal(HttpStatusCode.OK, page.Status);
        foreach (Match asset in Regex.Matches(page.Text, "(?:src|href)=\"([^\"]+)\""))
        {
            string address = asset.Groups[1].Value;
            Assert.DoesNotContain("//", address, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/docs/" + address.TrimStart('.', '/'))).Status);
        }
        string script = (await api.GetAsync("/docs/index.js")).Text;
        Assert.Contains("/openapi/v1.json", script, StringComparison.Ordinal);
        // With a validator set, the page would send the document to it.
        Assert.DoesNotContain("\"validatorUrl\":", script, StringComparison.Ordinal);
    }

    private static bool Has(JsonNode node, string member) => !string.IsNullOrWhiteSpace((string?)node[member]);

    private static bool Describes(JsonNode property) =>
        Has(property, "description") || property["$ref"] is not null || property["items"]?["$ref"] is not null
        || property["oneOf"]?.AsArray().Any(o => o!["$ref"] is not null) == true;
}
