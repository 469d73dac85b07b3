using System.Globalization;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads an event's values from texts: cells of a table, properties of a message.</summary>
internal static class ValueText
{
    private const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>What a value looks like, for reasons.</summary>
    public const string Expected = "a finite number, such as -12.3 or 1e6, or nothing";

    /// <summary>Reads a number.</summary>
    /// <param name="text">UTF-8; not empty: nothing is no value, and not read.</param>
    /// <param name="value">Output: the number.</param>
    /// <returns>False where it is none, or not finite.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) =>
        double.TryParse(text, Style, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
