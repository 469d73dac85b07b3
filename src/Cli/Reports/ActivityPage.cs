using System.Text;
using Foretell.Cli.Shell;
using Foretell.Models.Activities;
using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of activities as one page of HTML that needs nothing from outside.</summary>
internal static class ActivityPage
{
    public static string Of(ActivityReport report) => PageParts.Page("activities", report.IsComplete, ActivityReport.Headings,
        report.Rows.Select(row => (row.IsSimple, report.Cells(row))), report.Notes(), page =>
        {
            AppendCurve(page, report, "As a case grows: what comes next", "share of forecasts right", s => s.Accuracy, "Higher is better.");
            AppendCurve(page, report, "As a case grows: how long it still takes", "mean absolute error, days", s => s.RemainingError, "Lower is better.");
        });

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
        PageParts.AppendLines(page, heading, plot, $"{better} Simple methods are grey.", [.. rows.Select(r => (r.Name, r.IsSimple,
            r.ByKnown.Where(p => figure(p.Scores) is not null).Select(p => ((double)p.From, figure(p.Scores)!.Value.Mean))))]);
    }
}
