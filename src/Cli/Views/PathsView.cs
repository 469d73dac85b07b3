using Foretell.Cli.Shell;
using Foretell.Ingest.Decoding;
using Foretell.Web.Forecasts;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Possible futures of a stream, one a line, as many of their events as the terminal is wide.</summary>
internal static class PathsView
{
    /// <summary>Cells of ", and 200,000 more".</summary>
    private const int MoreWidth = 18;

    /// <summary>Writes them.</summary>
    public static void Write(IReadOnlyList<PathAnswer> paths, double horizonSeconds)
    {
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine($"possible futures within {Format.Duration(horizonSeconds)}");
        foreach (PathAnswer path in paths)
        {
            Terminal.Out.WriteLine("  " + Line(path, Terminal.Out.Profile.Width - 2));
        }
    }

    /// <summary>The first events of a future, as far as the cells go, and how many more there are.</summary>
    internal static string Line(PathAnswer path, int cells)
    {
        if (path.Events.Count == 0)
        {
            return "no event";
        }
        string line = "";
        for (int i = 0; i < path.Events.Count; i++)
        {
            PathEvent e = path.Events[i];
            string next = $"{(i == 0 ? "" : ", ")}{Format.Duration(e.Seconds)} {VisibleText.Of(e.Mark)}".TrimEnd();
            bool isLast = i == path.Events.Count - 1;
            if (i > 0 && (line + next).GetCellWidth() + (isLast ? 0 : MoreWidth) > cells)
            {
                return $"{line}, and {Format.Count(path.Events.Count - i)} more";
            }
            line += next;
        }
        return line;
    }
}
