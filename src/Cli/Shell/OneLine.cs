using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Foretell.Cli.Shell;

/// <summary>Text that others wrote (keys, log entries, messages), made fit for one line of a terminal.</summary>
internal static partial class OneLine
{
    /// <summary>The text in one line: no line breaks, and nothing that moves the cursor or changes the terminal.</summary>
    public static string Of(string text)
    {
        string shown = string.Concat(text.EnumerateRunes().Select(Shown));
        return Blanks().Replace(shown, " ").Trim();
    }

    /// <summary>The line, or as much of it as fits into so many cells, with an ellipsis behind it.</summary>
    public static string Cut(string line, int cells)
    {
        if (line.GetCellWidth() <= cells)
        {
            return line;
        }
        var kept = new StringBuilder();
        int used = 1;
        foreach (Rune rune in line.EnumerateRunes())
        {
            used += rune.ToString().GetCellWidth();
            if (used > cells)
            {
                break;
            }
            kept.Append(rune.ToString());
        }
        return cells < 1 ? "" : kept.Append('…').ToString();
    }

    /// <summary>The line in as many of at most so many cells as it takes, broken between words.</summary>
    public static IEnumerable<string> Wrap(string line, int cells)
    {
        string row = "";
        foreach (string word in line.Split(' '))
        {
            if (row.Length > 0 && row.GetCellWidth() + 1 + word.GetCellWidth() > cells)
            {
                yield return row;
                row = "";
            }
            row = row.Length == 0 ? word : $"{row} {word}";
        }
        yield return row;
    }

    /// <summary>Cut, and filled up with blanks to exactly so many cells.</summary>
    public static string Fill(string line, int cells)
    {
        string cut = Cut(line, cells);
        return cut + new string(' ', Math.Max(0, cells - cut.GetCellWidth()));
    }

    /// <summary>A line of a silo's log as a screen has room for it: time and message, without level, category and number.</summary>
    public static string WithoutCategory(string line) => Head().Replace(line, "$1 ");

    /// <summary>A line of a log without the stack trace that a formatter has joined to its message; empty where it is nothing
    /// else.</summary>
    public static string WithoutTrace(string line) => Of(line) is var one && Frame().Match(one) is { Success: true, Index: var at }
        ? one[..at].TrimEnd() : one;

    private static string Shown(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => " ",
        UnicodeCategory.Control => rune.Value is >= '\t' and <= '\r' ? " " : "\uFFFD",
        // Overrides of the direction: what follows would be read backwards.
        UnicodeCategory.Format when rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) => "\uFFFD",
        _ => rune.ToString(),
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^(\d\d:\d\d:\d\d)\S* \w+: \S+\[\d+\] ")]
    private static partial Regex Head();

    [GeneratedRegex(@"(?:^| )(?:at [\w.<>`+\[\],|]+\(|--- End of )")]
    private static partial Regex Frame();
}
