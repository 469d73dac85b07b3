using System.Globalization;
using System.Xml;

namespace Foretell.Web.Http;

/// <summary>Durations as people write them: seconds (<c>90</c>), units (<c>1h</c>, <c>1h30m</c>, <c>250ms</c>), ISO 8601 (<c>PT1H30M</c>).</summary>
public static class DurationText
{
    /// <summary>What <see cref="TryParse"/> accepts, for error messages.</summary>
    public const string Expected =
        "a number of seconds (90), a number with a unit ms, s, m, h, d or w (1h, 1h30m, 7d) or an ISO 8601 duration in days, hours, minutes and seconds (PT1H30M)";

    private static readonly (string Name, double Seconds)[] s_units =
        [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)];

    /// <summary>Reads a duration.</summary>
    /// <param name="text">The text; surrounding blanks are ignored.</param>
    /// <param name="seconds">The duration, seconds; finite, may be zero or negative.</param>
    /// <returns>False when the text is no duration.</returns>
    public static bool TryParse(string text, out double seconds)
    {
        text = text.Trim();
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds))
        {
            return double.IsFinite(seconds);
        }
        return text.StartsWith('P') ? TryParseIso(text, out seconds) : TryParseUnits(text, out seconds);
    }

    private static bool TryParseIso(string text, out double seconds)
    {
        seconds = 0;
        // Years and months have no fixed length, so a horizon in them would mean something else in each month.
        string days = text.Split('T')[0];
        if (days.Contains('Y') || days.Contains('M'))
        {
            return false;
        }
        try
        {
            seconds = XmlConvert.ToTimeSpan(text).TotalSeconds;
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return false;
        }
    }

    private static bool TryParseUnits(ReadOnlySpan<char> text, out double seconds)
    {
        seconds = 0;
        bool any = false;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExcept("0123456789.");
            if (digits <= 0
                || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return false;
            }
            text = text[digits..];
            int letters = text.IndexOfAny("0123456789.");
            ReadOnlySpan<char> unit = letters < 0 ? text : text[..letters];
            double? perUnit = null;
            foreach ((string name, double length) in s_units)
            {
                if (unit.SequenceEqual(name))
                {
                    perUnit = length;
                }
            }
            if (perUnit is null)
            {
                return false;
            }
            seconds += number * perUnit.Value;
            text = text[unit.Length..];
            any = true;
        }
        return any && double.IsFinite(seconds);
    }
}
