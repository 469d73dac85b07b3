using System.Globalization;

namespace Foretell.Engine.Alerts;

/// <summary>An alert's place in its feed: the id by which a subscriber goes on behind it.</summary>
/// <param name="Feed">Random name of the feed, so that a place in another one is not taken for one in this.</param>
/// <param name="Number">Number of the alert, from 1; 0 is the place before the first.</param>
public readonly record struct AlertPlace(string Feed, long Number)
{
    /// <summary>Reads the text form; false for anything else.</summary>
    public static bool TryParse(string text, out AlertPlace place)
    {
        int dash = text.LastIndexOf('-');
        bool parsed = long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && dash > 0;
        place = parsed ? new AlertPlace(text[..dash], number) : default;
        return parsed;
    }

    /// <summary>Whether a feed with this end has been at this place.</summary>
    public bool IsIn(AlertPlace end) => Feed == end.Feed && Number <= end.Number;

    /// <summary>Text form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Feed}-{Number}");
}
