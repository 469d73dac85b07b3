using System.Net;
using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>What the pages of comparisons are made of.</summary>
internal static class PageParts
{
    private const string PlusMinus = " &#177;";

    /// <summary>All up to the heading, and a word where rows are still to come.</summary>
    public static StringBuilder Begin(string title, string heading, bool isComplete)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>").Append(Text(title)).Append("</title>\n<style>\n").Append(PageStyle.Css)
            .Append("</style>\n</head>\n<body>\n<main>\n<h1>").Append(Text(heading)).Append("</h1>\n");
        return isComplete ? page : page.Append("<p class=\"unfinished\">Not finished: rows are still to come.</p>\n");
    }

    /// <summary>A table that is not sorted by its headings.</summary>
    /// <param name="page">The page.</param>
    /// <param name="headings">Of its columns.</param>
    /// <param name="rows">Whether each is a simple method's, and its cells, the name first.</param>
    public static void AppendTable(StringBuilder page, IEnumerable<string> headings,
        IEnumerable<(bool IsSimple, IEnumerable<(string Text, bool IsBest)> Cells)> rows)
    {
        page.Append("<div class=\"wide\"><table class=\"narrow\">\n<thead><tr>");
        foreach (string heading in headings)
        {
            page.Append("<th scope=\"col\" class=\"fixed\">").Append(Text(heading)).Append("</th>");
        }
        page.Append("</tr></thead>\n<tbody>\n");
        foreach ((bool isSimple, IEnumerable<(string Text, bool IsBest)> cells) in rows)
        {
            page.Append(isSimple ? "<tr class=\"counts\">" : "<tr>").Append("<th scope=\"row\">").Append(Text(cells.First().Text)).Append("</th>");
            foreach ((string text, bool isBest) in cells.Skip(1))
            {
                string cell = WithSmallError(Text(text));
                page.Append("<td>").Append(isBest ? $"<b>{cell}</b>" : cell).Append("</td>");
            }
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    /// <summary>Sentences as a list.</summary>
    public static void AppendNotes(StringBuilder page, IEnumerable<string> notes)
    {
        page.Append("<ul class=\"notes\">\n");
        foreach (string note in notes)
        {
            page.Append("<li>").Append(Text(note)).Append("</li>\n");
        }
        page.Append("</ul>\n");
    }

    /// <summary>A plot with its legend and caption.</summary>
    public static void AppendFigure(StringBuilder page, string heading, (string Svg, string Caption) plot,
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

    /// <summary>A cell whose standard error is set smaller.</summary>
    public static string WithSmallError(string cell)
    {
        int at = cell.IndexOf(PlusMinus, StringComparison.Ordinal);
        return at < 0 ? cell : $"{cell[..at]} <small>{cell[at..].TrimStart()}</small>";
    }

    /// <summary>A page of one table, what is to be known of it, and figures.</summary>
    /// <param name="of">What was compared.</param>
    /// <param name="isComplete">Whether all rows are there.</param>
    /// <param name="headings">Of the table's columns.</param>
    /// <param name="rows">Whether each is a simple method's, and its cells, the name first.</param>
    /// <param name="notes">Sentences below it.</param>
    /// <param name="appendFigures">Adds the figures.</param>
    public static string Page(string of, bool isComplete, IEnumerable<string> headings,
        IEnumerable<(bool IsSimple, IEnumerable<(string Text, bool IsBest)> Cells)> rows, IEnumerable<string> notes,
        Action<StringBuilder> appendFigures)
    {
        StringBuilder page = Begin($"Foretell comparison of {of}", $"Comparison of {of}", isComplete);
        AppendTable(page, headings, rows);
        AppendNotes(page, notes);
        appendFigures(page);
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>A plot with a line for each row.</summary>
    /// <param name="page">The page.</param>
    /// <param name="heading">Of the figure.</param>
    /// <param name="plot">Its axes.</param>
    /// <param name="caption">Below it.</param>
    /// <param name="rows">Name, whether it is a simple method's, and points of each; the most important first.</param>
    public static void AppendLines(StringBuilder page, string heading, SvgPlot plot, string caption,
        IReadOnlyList<(string Name, bool IsSimple, IEnumerable<(double X, double Y)> Points)> rows)
    {
        IReadOnlyDictionary<string, SeriesStyle> styles = SeriesStyle.Of(rows.Select(r => (r.Name, r.IsSimple)));
        // Those who matter most are drawn last, on top.
        foreach ((string name, bool _, IEnumerable<(double X, double Y)> points) in rows.Reverse())
        {
            plot.Line(points, styles[name].Class, name);
        }
        AppendFigure(page, heading, (plot.ToString(), caption), rows.Select(r => (r.Name, styles[r.Name])));
    }

    /// <summary>Text as HTML.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);
}
