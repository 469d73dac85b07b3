using System.Text;
using Foretell.Engine.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Foretell.Web.Http;

/// <summary>The stream key of a path such as <c>/v1/streams/eu%2F42/forecast</c>.</summary>
/// <remarks>
/// Read from the request target as it was sent. The server's decoded path keeps %2F but decodes %25, so there the keys
/// "a/b" (a%2Fb) and "a%2Fb" (a%252Fb) would be one. A key is always one path segment: a slash within it is %2F, and
/// "eu/forecast" can never be mistaken for the forecast of "eu".
/// </remarks>
internal readonly record struct StreamKey(string Value)
{
    private const string Prefix = "/v1/streams/";

    /// <exception cref="RequestException">The key is longer than 256 bytes.</exception>
    public static ValueTask<StreamKey> BindAsync(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        string value = Uri.UnescapeDataString(Segment(target) ?? (string)context.Request.RouteValues["stream"]!);
        int bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes > EventBatch.MaxTextBytes)
        {
            throw RequestException.Parameters("stream",
                $"A stream key is 1 to {EventBatch.MaxTextBytes} bytes of UTF-8, got {bytes}.");
        }
        return ValueTask.FromResult(new StreamKey(value));
    }

    /// <summary>The path segment behind <see cref="Prefix"/>, still encoded; null when the path spells the prefix in another way.</summary>
    private static string? Segment(string target)
    {
        ReadOnlySpan<char> path = target.AsSpan();
        int query = path.IndexOf('?');
        path = query < 0 ? path : path[..query];
        int start = path.IndexOf(Prefix, StringComparison.OrdinalIgnoreCase);
        if (start < 0)
        {
            return null;
        }
        path = path[(start + Prefix.Length)..];
        int end = path.IndexOf('/');
        return (end < 0 ? path : path[..end]).ToString();
    }
}
