using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>One container of a Blob storage, in memory: as much of its REST interface as writing checkpoints needs (Put Blob, Set Blob
/// Metadata, by the service's reference).</summary>
internal sealed class BlobEndpoint : IAsyncDisposable
{
    private const string Metadata = "x-ms-meta-";

    private readonly WebApplication _web;

    private BlobEndpoint(WebApplication web) => _web = web;

    /// <summary>The container's URL with a signature.</summary>
    public string Url => $"{_web.Urls.First()}/account/checkpoints?sv=2024-11-04&sig=secret";

    /// <summary>Metadata of each blob, by its path in the container.</summary>
    public ConcurrentDictionary<string, Dictionary<string, string>> Blobs { get; } = new();

    /// <summary>Requests that changed something.</summary>
    public int Writes;

    /// <summary>Status and code that everything is answered with; null for the truth.</summary>
    public (int Status, string Code)? Refusal { get; set; }

    public static async Task<BlobEndpoint> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication web = builder.Build();
        var endpoint = new BlobEndpoint(web);
        web.MapPut("/account/checkpoints/{**path}", endpoint.Put);
        await web.StartAsync();
        return endpoint;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private IResult Put(string path, HttpRequest request, HttpResponse response)
    {
        if (Refusal is { } refusal)
        {
            return Fail(response, refusal.Status, refusal.Code);
        }
        if (request.Query["sig"] != "secret")
        {
            return Fail(response, 403, "AuthenticationFailed");
        }
        bool isMetadata = request.Query["comp"] == "metadata";
        if (isMetadata && !Blobs.ContainsKey(path))
        {
            return Fail(response, 404, "BlobNotFound");
        }
        Blobs[path] = request.Headers.Where(h => h.Key.StartsWith(Metadata, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key[Metadata.Length..].ToLowerInvariant(), h => h.Value.ToString());
        Interlocked.Increment(ref Writes);
        response.Headers.ETag = "\"1\"";
        response.Headers.LastModified = "Sun, 01 Nov 2026 00:00:00 GMT";
        return Results.StatusCode(isMetadata ? 200 : 201);
    }

    private static IResult Fail(HttpResponse response, int status, string code)
    {
        response.Headers["x-ms-error-code"] = code;
        return Results.StatusCode(status);
    }
}
