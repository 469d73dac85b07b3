using System.Text;
using Foretell.Cli.Shell;
using Foretell.Models.Activities;
using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of activities as one page of HTML that needs nothing from outside.</summary>
internal static class ActivityPage
{
    public static string Of(ActivityReport report)
    {
        StringBuilder page = PageParts.Begin("Foretell comparison of activities", "Comparison of activities", report.IsComplete);
        PageParts.AppendTable(page, ActivityReport.Headings, report.Rows.Select(row => (row.IsSimple, report.Cells(row))));
        PageParts.AppendNotes(page, report.Notes());
        AppendCurve(page, report, "As a case grows: what comes next", "share of forecasts right", s => s.Accuracy, "Higher is better.");
        AppendCurve(page, report, "As a case grows: how long it still takes", "mean absolute error, days", s => s.RemainingError, "Lower is better.");
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>A figure by the events known.</summary>
    private static void AppendCurve(StringBuilder page, ActivityReport report, string heading, string axis,
        Func<ActivityEstimates, Estimate?> figure, string better)
    {
        ActivityRow[] rows = [.. report.Rows.Where(r => r.ByKnown.Any(p => figure(p.Scores) is not null))];
        if (rows.Length == 0)
        {
            return;
        }
        (double, string)[] ticks = [.. rows[0].ByKnown.Select(p => ((double)p.From, p.From == p.To ? Format.Count(p.From) : $"{Format.Count(p.From)}-{Format.Count(p.To)}"))];
        double most = rows.SelectMany(r => r.ByKnown).Max(p => figure(p.Scores)?.Mean ?? 0);
        var plot = new SvgPlot(heading, new Axis("events of the case known", ticks[0].Item1 / 1.2, ticks[^1].Item1 * 1.2, ticks, IsLog: true),
            Axis.Linear(axis, 0, Math.Max(1.05 * most, 1e-6)), 760, 420);
        IReadOnlyDictionary<string, SeriesStyle> styles = SeriesStyle.Of(report.Rows.Select(r => (r.Name, r.IsSimple)));
        // Those who matter most are drawn last, on top.
        foreach (ActivityRow row in rows.Reverse())
        {
            plot.Line(row.ByKnown.Where(p => figure(p.Scores) is not null).Select(p => ((double)p.From, figure(p.Scores)!.Value.Mean)),
                styles[row.Name].Class, row.Name);
        }
        PageParts.AppendFigure(page, heading, (plot.ToString(), $"{better} Simple methods are grey."), rows.Select(r => (r.Name, styles[r.Name])));
    }
}
