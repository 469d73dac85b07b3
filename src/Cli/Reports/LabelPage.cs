using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of labels as one page of HTML that needs nothing from outside.</summary>
internal static class LabelPage
{
    public static string Of(LabelReport report) => PageParts.Page("labels", report.IsComplete, report.Headings,
        report.Rows.Select(row => (row.IsSimple, report.Cells(row))), report.Notes(), page => AppendCurve(page, report));

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
        PageParts.AppendLines(page, "How early the kind is told", plot, "Higher is better, and so is earlier. Simple methods are grey.",
            [.. report.Rows.Select(r => (r.Name, r.IsSimple, r.Scores.Select((s, i) => (places[i], s.Accuracy.Mean))))]);
    }
}
