using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of series as one page of HTML that needs nothing from outside.</summary>
internal static class SeriesPage
{
    public static string Of(SeriesReport report) => PageParts.Page("series", report.IsComplete, SeriesReport.Headings,
        report.Rows.Select(row => (row.IsSimple, report.Cells(row))), report.Notes(), page => AppendCurve(page, report));

    /// <summary>Squared error by how far ahead a reading is.</summary>
    private static void AppendCurve(StringBuilder page, SeriesReport report)
    {
        var plot = new SvgPlot("Squared error against steps ahead", Axis.Linear("readings ahead", 0, report.Horizon),
            Axis.Linear("mean squared error", 0, 1.05 * Math.Max(1e-6, report.Rows.Max(r => r.MseBySteps.Max()))), 760, 420);
        PageParts.AppendLines(page, "The error over the horizon", plot, "Lower is better. Simple methods are grey; each line has its name as a tip.",
            [.. report.Rows.Select(r => (r.Name, r.IsSimple, r.MseBySteps.Select((mse, h) => (h + 1.0, mse))))]);
    }
}
