using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Models.Labels;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows the table of a comparison of labels.</summary>
internal static class LabelView
{
    /// <summary>The table at the end.</summary>
    public static void Summarise(LabelReport report, string folder)
    {
        Table table = Tables.Numbers(report.Headings[0], [.. report.Headings.Skip(1)]);
        foreach (LabelRow row in report.Rows)
        {
            table.AddCells(report.Cells(row));
        }
        Terminal.Out.Write(table);
        Terminal.Out.WriteLine($"Share of streams told right after so many events, ± one standard error over seeds. How early the kind is told: {Path.Combine(folder, "report.html")}, and report.json beside it.");
    }
}
