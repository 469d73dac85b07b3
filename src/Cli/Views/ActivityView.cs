using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows the table of a comparison of activities.</summary>
internal static class ActivityView
{
    /// <summary>Blanks between columns (<see cref="Tables.Compact"/>).</summary>
    private const int Apart = 2;

    /// <summary>The table at the end; in several where the terminal is too narrow for one.</summary>
    public static void Summarise(ActivityReport report, string folder)
    {
        IReadOnlyList<(string Text, bool IsBest)[]> rows = [.. report.Rows.Select(row => report.Cells(row).ToArray())];
        int[] widths = [.. ActivityReport.Headings.Select((heading, i) => Math.Max(heading.Length, rows.Max(r => r[i].Text.Length)))];
        foreach (int[] columns in Parts(widths))
        {
            Table table = Tables.Numbers(ActivityReport.Headings[0], [.. columns.Select(i => ActivityReport.Headings[i])]);
            foreach ((string Text, bool IsBest)[] cells in rows)
            {
                table.AddCells(columns.Prepend(0).Select(i => cells[i]));
            }
            Terminal.Out.Write(table.Compact());
            Terminal.Out.WriteLine();
        }
        Terminal.Out.WriteLine($"Accuracies in %, log losses in nats, errors of times in days, ± one standard error over seeds. What the columns are: {Path.Combine(folder, "report.html")}, and report.json beside it.");
    }

    /// <summary>Columns behind the name's that go side by side, as many as fit.</summary>
    /// <param name="widths">Of all columns, the name's first, in cells.</param>
    private static IEnumerable<int[]> Parts(int[] widths)
    {
        List<int> part = [];
        int width = widths[0];
        for (int i = 1; i < widths.Length; i++)
        {
            if (part.Count > 0 && width + Apart + widths[i] > Terminal.Out.Profile.Width)
            {
                yield return [.. part];
                part = [];
                width = widths[0];
            }
            part.Add(i);
            width += Apart + widths[i];
        }
        yield return [.. part];
    }
}
