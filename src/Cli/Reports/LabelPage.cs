using System.Net;
using System.Text;
using Foretell.Models.Labels;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of labels as one page of HTML that needs nothing from outside.</summary>
internal static class LabelPage
{
    public static string Of(LabelReport report)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Foretell comparison of labels</title>\n<style>\n").Append(PageStyle.Css)
            .Append("</style>\n</head>\n<body>\n<main>\n<h1>Comparison of labels</h1>\n");
        if (!report.IsComplete)
        {
            page.Append("<p class=\"unfinished\">Not finished: rows are still to come.</p>\n");
        }
        page.Append("<div class=\"wide\"><table class=\"narrow\">\n<thead><tr>");
        foreach (string heading in report.Headings)
        {
            page.Append("<th scope=\"col\" class=\"fixed\">").Append(Text(heading)).Append("</th>");
        }
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (LabelRow row in report.Rows)
        {
            page.Append(row.IsSimple ? "<tr class=\"counts\">" : "<tr>").Append("<th scope=\"row\">").Append(Text(row.Name)).Append("</th>");
            foreach ((string text, bool isBest) in report.Cells(row).Skip(1))
            {
                page.Append("<td>").Append(isBest ? $"<b>{Text(text)}</b>" : Text(text)).Append("</td>");
            }
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n<ul class=\"notes\">\n");
        foreach (string note in report.Notes())
        {
            page.Append("<li>").Append(Text(note)).Append("</li>\n");
        }
        page.Append("</ul>\n");
        AppendCurve(page, report);
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Accuracy by the events known: how early a kind is told.</summary>
    private static void AppendCurve(StringBuilder page, LabelReport report)
    {
        int?[] after = [.. report.Rows[0].Scores.Select(s => s.After)];
        // All events stand one place behind the largest number.
        double[] places = [.. after.Select(n => (double)(n ?? 2 * (after.Max() ?? 1)))];
        var ticks = after.Select((n, i) => (places[i], n is { } number ? Shell.Format.Count(number) : "all")).ToArray();
        var plot = new SvgPlot("Accuracy against events known",
            new Axis("events of the stream known", places[0] / 1.2, places[^1] * 1.2, ticks, IsLog: true),
            Axis.Linear("share of streams told right", 0, 1), 760, 420);
        IReadOnlyDictionary<string, SeriesStyle> styles = SeriesStyle.Of(report.Rows.Select(r => (r.Name, r.IsSimple)));
        // Those who matter most are drawn last, on top.
        foreach (LabelRow row in report.Rows.Reverse())
        {
            plot.Line(row.Scores.Select((s, i) => (places[i], s.Accuracy.Mean)), styles[row.Name].Class, row.Name);
        }
        page.Append("<section>\n<h2>How early the kind is told</h2>\n<figure>\n<div class=\"plots\">").Append(plot).Append("</div>\n<div class=\"legend\">");
        foreach (LabelRow row in report.Rows)
        {
            page.Append("<span><svg viewBox=\"0 0 26 12\"><line class=\"line ").Append(styles[row.Name].Class)
                .Append("\" x1=\"1\" x2=\"25\" y1=\"6\" y2=\"6\"/></svg>").Append(Text(row.Name)).Append("</span>");
        }
        page.Append("</div>\n<figcaption>Higher is better, and so is earlier. Simple methods are grey.</figcaption>\n</figure>\n</section>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
