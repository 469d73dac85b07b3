using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Web.Http;

/// <summary>Times in questions and answers.</summary>
internal static class QueryTime
{
    /// <summary>Reads RFC 3339 or Unix seconds, exactly as an event's time is read.</summary>
    /// <returns>Ticks (<see cref="EventTime"/>).</returns>
    /// <exception cref="RequestException">The text is neither.</exception>
    public static long Parse(string name, string text)
    {
        // An unescaped '+' in a query arrives as a blank, so "12:00:00+02:00" is "12:00:00 02:00" here.
        string trimmed = text.Trim();
        if (trimmed.Length > 6 && trimmed[^6] == ' ' && trimmed[^3] == ':')
        {
            trimmed = $"{trimmed[..^6]}+{trimmed[^5..]}";
        }
        byte[] bytes = Encoding.UTF8.GetBytes(trimmed);
        return TimeText.Parse(bytes, out long ticks) is null
            ? ticks
            : throw RequestException.Parameters(name,
                $"'{name}' must be an RFC 3339 time with an offset (2026-01-31T12:00:00Z) or a number of Unix seconds (1769860800), "
                + $"within years 1 to 9999; got '{text}'.{TimeText.UnitMeant(bytes)}");
    }

    /// <summary>A time as answers show it: UTC, written with a Z.</summary>
    public static DateTime ToUtc(long ticks) => EventTime.ToDateTimeOffset(ticks).UtcDateTime;
}
