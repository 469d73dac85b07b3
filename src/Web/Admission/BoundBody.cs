using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Web.Admission;

/// <summary>Says of an endpoint that the framework reads its body, how large that may be, and that its memory is taken
/// beforehand.</summary>
/// <param name="MostBytes">Largest body, bytes, before and after decompression.</param>
internal sealed record BoundBody(long MostBytes) : IRequestSizeLimitMetadata
{
    public long? MaxRequestBodySize => MostBytes;

    /// <summary>Takes the memory of such a body for as long as its request is in work.</summary>
    public static async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<BoundBody>() is not { } body)
        {
            await next(http);
            return;
        }
        using BodyLease lease = http.RequestServices.GetRequiredService<BodyMemory>().Open(http);
        // Compressed or in chunks, nobody knows how long it will be.
        bool isCompressed = http.Request.Headers.ContentEncoding.Count > 0;
        lease.Take(isCompressed ? body.MostBytes : Math.Min(http.Request.ContentLength ?? body.MostBytes, body.MostBytes));
        await next(http);
    }
}
