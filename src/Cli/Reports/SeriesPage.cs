using System.Text;
using Foretell.Models.Series;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of series as one page of HTML that needs nothing from outside.</summary>
internal static class SeriesPage
{
    public static string Of(SeriesReport report)
    {
        StringBuilder page = PageParts.Begin("Foretell comparison of series", "Comparison of series", report.IsComplete);
        PageParts.AppendTable(page, SeriesReport.Headings, report.Rows.Select(row => (row.IsSimple, report.Cells(row))));
        PageParts.AppendNotes(page, report.Notes());
        AppendCurve(page, report);
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Squared error by how far ahead a reading is.</summary>
    private static void AppendCurve(StringBuilder page, SeriesReport report)
    {
        var plot = new SvgPlot("Squared error against steps ahead", Axis.Linear("readings ahead", 0, report.Horizon),
            Axis.Linear("mean squared error", 0, 1.05 * Math.Max(1e-6, report.Rows.Max(r => r.MseBySteps.Max()))), 760, 420);
        IReadOnlyDictionary<string, SeriesStyle> styles = SeriesStyle.Of(report.Rows.Select(r => (r.Name, r.IsSimple)));
        // Those who matter most are drawn last, on top.
        foreach (SeriesRow row in report.Rows.Reverse())
        {
            plot.Line(row.MseBySteps.Select((mse, h) => (h + 1.0, mse)), styles[row.Name].Class, row.Name);
        }
        PageParts.AppendFigure(page, "The error over the horizon",
            (plot.ToString(), "Lower is better. Simple methods are grey; each line has its name as a tip."), report.Rows.Select(r => (r.Name, styles[r.Name])));
    }
}
