using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace Foretell.FakeHub.Links;

/// <summary>When a token expires, as it says itself.</summary>
internal static class TokenExpiry
{
    /// <param name="token">A shared access signature, or a JWT.</param>
    /// <returns>Null when it does not say.</returns>
    public static DateTimeOffset? Read(string? token)
    {
        long? seconds = token is null ? null : SharedAccessSignature.Field(token, "se") is { } text ? Parse(text) : OfJwt(token);
        return seconds is { } since && since < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(since)
            : null;
    }

    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) ? seconds : null;

    private static long? OfJwt(string token)
    {
        // Tests may put any text in place of a token; it then says nothing.
        if (token.Split('.') is not [_, var claims, _])
        {
            return null;
        }
        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(claims));
            return json.RootElement.TryGetProperty("exp", out JsonElement expiry) ? expiry.GetInt64() : null;
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
