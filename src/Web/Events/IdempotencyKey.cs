using System.Security.Cryptography;
using System.Text;
using Foretell.Engine.Log;
using Foretell.Ingest.Decoding;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Foretell.Web.Events;

/// <summary>The header <c>Idempotency-Key</c>: a repeated request is answered as the first was and appends nothing.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotent-Replayed";
    private const int MaxLength = 256;

    /// <summary>The request's key, or null when it has none.</summary>
    /// <exception cref="RequestException">The key is empty, too long or sent twice.</exception>
    public static string? Read(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out StringValues values))
        {
            return null;
        }
        if (values.Count != 1)
        {
            throw new RequestException(ProblemKind.InvalidIdempotencyKey, $"Send one {Header} header, got {values.Count}.");
        }
        string key = values[0] ?? "";
        if (key.Length is 0 or > MaxLength)
        {
            throw new RequestException(ProblemKind.InvalidIdempotencyKey,
                $"{Header} must have 1 to {MaxLength} characters, got {key.Length}. A new UUID for each request works well.");
        }
        return key;
    }

    /// <summary>Ties the key to this request's content, and keeps its rejections for a repeat's answer.</summary>
    /// <param name="key">The key.</param>
    /// <param name="contentType">What the body is.</param>
    /// <param name="columns">Names of a table's columns, or null for the default ones.</param>
    /// <param name="body">The body.</param>
    /// <param name="rejections">What a repeat is told of.</param>
    public static IdempotentRequest ToRequest(string key, string contentType, string? columns, ReadOnlySpan<byte> body,
        Rejections rejections)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Parameters of the type, such as its charset, do not change what the body says.
        string mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        hash.AppendData(Encoding.UTF8.GetBytes(columns is null ? $"{mediaType}\n" : $"{mediaType} {columns}\n"));
        hash.AppendData(body);
        return new IdempotentRequest(key, hash.GetHashAndReset(), RejectedEvents.From(rejections).ToPayload());
    }
}
