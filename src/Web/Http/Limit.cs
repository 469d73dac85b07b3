using System.Globalization;

namespace Foretell.Web.Http;

/// <summary>The query parameter <c>limit</c>: how many rows to return.</summary>
internal static class Limit
{
    /// <exception cref="RequestException">The text is no whole number from 1 to <paramref name="max"/>.</exception>
    public static int Parse(string? text, int fallback, int max)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return fallback;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit >= 1 && limit <= max
            ? limit
            : throw RequestException.Parameters("limit", $"'limit' must be a whole number from 1 to {max}; got '{text}'.");
    }
}
