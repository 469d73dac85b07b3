using System.Globalization;
using Foretell.Models.Horizons;

namespace Foretell.Models.Tests.Horizons;

/// <summary>Events as short texts: "a1.5 b2" is mark 0 at 1.5 and mark 1 at 2; "a1.5:0.9" has a score.</summary>
internal static class HorizonText
{
    public static HorizonEvent[] Events(string text) => [.. Ranked(text).Select(e => new HorizonEvent(e.Time, e.Mark))];

    public static RankedEvent[] Ranked(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static RankedEvent Parse(string text)
    {
        string[] parts = text[1..].Split(':');
        return new RankedEvent(double.Parse(parts[0], CultureInfo.InvariantCulture), text[0] - 'a',
            parts.Length > 1 ? double.Parse(parts[1], CultureInfo.InvariantCulture) : 1);
    }
}
