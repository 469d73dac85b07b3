using System.Globalization;
using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A comparison as one page of HTML that needs nothing from outside.</summary>
internal static class ComparisonPage
{
    public static string Of(ComparisonReport report)
    {
        StringBuilder page = PageParts.Begin("Foretell comparison", "Comparison", report.IsComplete);
        foreach (string fact in ComparisonText.Facts(report))
        {
            page.Append("<p>").Append(PageParts.Text(fact)).Append("</p>\n");
        }
        AppendTable(page, report);
        PageParts.AppendNotes(page, ComparisonText.Notes(report));
        if (report.Horizons is { } horizons)
        {
            AppendHorizons(page, horizons);
        }
        var plots = new ComparisonPlots(report);
        // Points carry their names; lines need a legend.
        PageParts.AppendFigure(page, "Quality against memory", plots.Quality(), []);
        PageParts.AppendFigure(page, "As a stream grows", plots.Seen(), plots.Legend);
        PageParts.AppendFigure(page, "Calibration of the gap", plots.Reliability(), plots.Legend);
        return page.Append("</main>\n<script>\n").Append(PageStyle.SortScript).Append("</script>\n</body>\n</html>\n").ToString();
    }

    private static void AppendTable(StringBuilder page, ComparisonReport report)
    {
        ComparisonColumn[] columns = ComparisonColumn.Of(report);
        page.Append("<div class=\"wide\"><table>\n<thead><tr>");
        foreach (ComparisonColumn column in columns)
        {
            page.Append("<th scope=\"col\"><button>").Append(PageParts.Text(column.Heading)).Append("</button></th>");
        }
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (ReportRow row in report.Rows)
        {
            page.Append(row.IsSimple ? "<tr class=\"counts\">" : "<tr>");
            foreach (ComparisonColumn column in columns)
            {
                // What the script sorts by; names have no value and sort as text.
                string value = column.Value?.Invoke(row) is { } number
                    ? $" data-value=\"{number.ToString("R", CultureInfo.InvariantCulture)}\"" : "";
                string cell = PageParts.Text(column.IsNumber ? column.Show(row).Replace('-', '−') : column.Show(row));
                page.Append(column.IsNumber ? $"<td{value}>" : "<th scope=\"row\">")
                    .Append(column.IsBest(row) ? $"<b>{PageParts.WithSmallError(cell)}</b>" : PageParts.WithSmallError(cell))
                    .Append(column.IsNumber ? "</td>" : "</th>");
            }
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    private static void AppendHorizons(StringBuilder page, HorizonTable horizons)
    {
        page.Append("<section>\n<h2>Whole horizons</h2>\n");
        PageParts.AppendTable(page, HorizonTable.Headings, horizons.Rows.Select(row => (row.IsSimple, horizons.Cells(row))));
        PageParts.AppendNotes(page, horizons.Notes());
        page.Append("</section>\n");
    }
}
