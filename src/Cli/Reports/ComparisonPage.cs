using System.Globalization;
using System.Net;
using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A comparison as one page of HTML that needs nothing from outside.</summary>
internal static class ComparisonPage
{
    private const string PlusMinus = " &#177;";

    public static string Of(ComparisonReport report)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Foretell comparison</title>\n<style>\n").Append(PageStyle.Css)
                .Append("</style>\n</head>\n<body>\n<main>\n<h1>Comparison</h1>\n");
        if (!report.IsComplete)
        {
            page.Append("<p class=\"unfinished\">Not finished: rows are still to come.</p>\n");
        }
        foreach (string fact in ComparisonText.Facts(report))
        {
            page.Append("<p>").Append(Text(fact)).Append("</p>\n");
        }
        AppendTable(page, report);
        page.Append("<ul class=\"notes\">\n");
        foreach (string note in ComparisonText.Notes(report))
        {
            page.Append("<li>").Append(Text(note)).Append("</li>\n");
        }
        page.Append("</ul>\n");
        if (report.Horizons is { } horizons)
        {
            AppendHorizons(page, horizons);
        }
        var plots = new ComparisonPlots(report);
        // Points carry their names; lines need a legend.
        AppendFigure(page, "Quality against memory", plots.Quality(), []);
        AppendFigure(page, "As a stream grows", plots.Seen(), plots.Legend);
        AppendFigure(page, "Calibration of the gap", plots.Reliability(), plots.Legend);
        return page.Append("</main>\n<script>\n").Append(PageStyle.SortScript).Append("</script>\n</body>\n</html>\n").ToString();
    }

    private static void AppendTable(StringBuilder page, ComparisonReport report)
    {
        ComparisonColumn[] columns = ComparisonColumn.Of(report);
        page.Append("<div class=\"wide\"><table>\n<thead><tr>");
        foreach (ComparisonColumn column in columns)
        {
            page.Append("<th scope=\"col\"><button>").Append(Text(column.Heading)).Append("</button></th>");
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
                string cell = Text(column.IsNumber ? column.Show(row).Replace('-', '−') : column.Show(row));
                page.Append(column.IsNumber ? $"<td{value}>" : "<th scope=\"row\">")
                    .Append(column.IsBest(row) ? $"<b>{WithSmallError(cell)}</b>" : WithSmallError(cell))
                    .Append(column.IsNumber ? "</td>" : "</th>");
            }
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    private static void AppendHorizons(StringBuilder page, HorizonTable horizons)
    {
        page.Append("<section>\n<h2>Whole horizons</h2>\n<div class=\"wide\"><table class=\"narrow\">\n<thead><tr>");
        foreach (string heading in HorizonTable.Headings)
        {
            page.Append("<th scope=\"col\" class=\"fixed\">").Append(Text(heading)).Append("</th>");
        }
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (HorizonRow row in horizons.Rows)
        {
            page.Append(row.IsSimple ? "<tr class=\"counts\">" : "<tr>").Append("<th scope=\"row\">").Append(Text(row.Name)).Append("</th>");
            foreach ((string text, bool isBest) in horizons.Cells(row).Skip(1))
            {
                string cell = WithSmallError(Text(text));
                page.Append("<td>").Append(isBest ? $"<b>{cell}</b>" : cell).Append("</td>");
            }
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n<ul class=\"notes\">\n");
        foreach (string note in horizons.Notes())
        {
            page.Append("<li>").Append(Text(note)).Append("</li>\n");
        }
        page.Append("</ul>\n</section>\n");
    }

    private static string WithSmallError(string cell)
    {
        int at = cell.IndexOf(PlusMinus, StringComparison.Ordinal);
        return at < 0 ? cell : $"{cell[..at]} <small>{cell[at..].TrimStart()}</small>";
    }

    private static void AppendFigure(StringBuilder page, string heading, (string Svg, string Caption) plot,
        IEnumerable<(string Name, SeriesStyle Style)> legend)
    {
        page.Append("<section>\n<h2>").Append(Text(heading)).Append("</h2>\n<figure>\n<div class=\"plots\">").Append(plot.Svg)
            .Append("</div>\n<div class=\"legend\">");
        foreach ((string name, SeriesStyle style) in legend)
        {
            page.Append("<span><svg viewBox=\"0 0 26 12\"><line class=\"line ").Append(style.Class)
                .Append("\" x1=\"1\" x2=\"25\" y1=\"6\" y2=\"6\"/></svg>").Append(Text(name)).Append("</span>");
        }
        page.Append("</div>\n<figcaption>").Append(Text(plot.Caption)).Append("</figcaption>\n</figure>\n</section>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
