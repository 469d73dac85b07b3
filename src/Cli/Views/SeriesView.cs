using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Models.Series;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows the table of a comparison of series.</summary>
internal static class SeriesView
{
    /// <summary>Columns that the table needs with its lines; a smaller terminal has it without.</summary>
    private const int Wide = 100;

    /// <summary>The table at the end.</summary>
    public static void Summarise(SeriesReport report, string folder)
    {
        Terminal.Out.Write(TableOf(report, Terminal.Out.Profile.Width));
        Terminal.Out.WriteLine($"The next {Format.Count(report.Horizon, "reading")}, in deviations of training, ± one standard error over seeds. The error over the horizon: {Path.Combine(folder, "report.html")}, and report.json beside it.");
    }

    /// <summary>The table for a terminal of so many columns.</summary>
    public static Table TableOf(SeriesReport report, int width)
    {
        bool isNarrow = width < Wide;
        Table table = Tables.Numbers(SeriesReport.Headings[0], [.. SeriesReport.Headings.Skip(1)]);
        foreach (SeriesRow row in report.Rows)
        {
            // Errors of means are on the page.
            table.AddCells(report.Cells(row).Select(c => (isNarrow ? c.Text.Split(" ±")[0] : c.Text, c.IsBest)));
        }
        return isNarrow ? table.Compact() : table;
    }
}
