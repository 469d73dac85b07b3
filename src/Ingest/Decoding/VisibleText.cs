using System.Buffers;
using System.Globalization;
using System.Text;

namespace Foretell.Ingest.Decoding;

/// <summary>Shows text that came from elsewhere: what would steer a terminal, or turn the direction of the text around it, is written
/// as JSON writes it (\u001b). Within a JSON text that changes nothing of what it says.</summary>
public static class VisibleText
{
    private static readonly SearchValues<char> s_hidden = SearchValues.Create([.. Enumerable.Range(0, char.MaxValue + 1)
        .Select(c => (char)c).Where(IsHidden)]);

    /// <summary>The text with every such character escaped; the same text where there is none.</summary>
    public static string Of(string text) => Of(text, lines: false);

    /// <summary>The same for a text of several lines: line ends stay.</summary>
    public static string OfLines(string text) => Of(text, lines: true);

    private static string Of(string text, bool lines)
    {
        if (text.AsSpan().IndexOfAny(s_hidden) < 0)
        {
            return text;
        }
        var shown = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shown.Append(character).Append(text[++i]);
            }
            else if (s_hidden.Contains(character) && !(lines && character is '\n' or '\r'))
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                shown.Append(character);
            }
        }
        return shown.ToString();
    }

    // C0 and C1 control characters, the marks and overrides of writing direction, line and paragraph separators, and surrogates, of
    // which only those without their other half are escaped.
    private static bool IsHidden(char character) => char.IsControl(character) || char.IsSurrogate(character)
        || character is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
