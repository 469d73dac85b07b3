using System.Text.Json;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Replay;

/// <summary>The answer to POST /v1/events.</summary>
/// <param name="RejectedTotal">All rejected events, of which the answer lists the first; null from a host that lists all.</param>
internal sealed record ReplayResponse(int Accepted, IReadOnlyList<Rejection> Rejected, string Position, int? RejectedTotal = null)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    /// <exception cref="ReplayException">The answer is not Foretell's.</exception>
    public static ReplayResponse Parse(byte[] body, Uri url)
    {
        try
        {
            ReplayResponse? response = JsonSerializer.Deserialize<ReplayResponse>(body, s_options);
            if (response is { Rejected: not null, Position: not null })
            {
                return response;
            }
        }
        catch (JsonException)
        {
            // Told below, in the same words as an answer that lacks its parts.
        }
        throw new ReplayException($"{url} answered with something else than accepted, rejected and position; is it a Foretell host?");
    }

    /// <summary>The sentence in a problem document, or the start of any other error body.</summary>
    public static string Problem(byte[] body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            foreach (string name in (string[])["detail", "title"])
            {
                if (problem.RootElement.ValueKind == JsonValueKind.Object
                    && problem.RootElement.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String)
                {
                    return text.GetString()!;
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // No problem document: its start is shown as it came.
        }
        return body.Length == 0 ? "no further explanation" : JsonToken.Shown(body);
    }
}
