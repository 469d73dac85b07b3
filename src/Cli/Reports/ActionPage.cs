using System.Text;
using Foretell.Models.Actions;

namespace Foretell.Cli.Reports;

/// <summary>A comparison of actions as one page of HTML that needs nothing from outside.</summary>
internal static class ActionPage
{
    public static string Of(ActionReport report) => PageParts.Page($"actions, {ActionReport.Scale}", report.IsComplete, report.Headings,
        report.Rows.Select(row => (row.IsSimple, report.Cells(row))), report.Notes(), page =>
        {
            foreach (string task in report.Tasks())
            {
                AppendScores(page, report, task);
            }
        });

    /// <summary>Scores of one task by how good the log is.</summary>
    private static void AppendScores(StringBuilder page, ActionReport report, string task)
    {
        ActionCell[] Of(ActionRow row) => [.. row.Cells.Where(c => c.Task == task)];
        (double, string)[] logs = [.. Of(report.Rows[0]).Select((c, i) => ((double)i, c.Quality))];
        double least = Math.Min(0, report.Rows.SelectMany(Of).Min(c => c.Score.Mean));
        double most = report.Rows.SelectMany(Of).Max(c => c.Score.Mean);
        var plot = new SvgPlot($"Score of {task} against the quality of the log", new Axis("log", -0.2, logs.Length - 0.8, logs),
            Axis.Linear("score of the played episodes", least - 5, Math.Max(100, most) + 5), 760, 420);
        PageParts.AppendLines(page, $"{char.ToUpperInvariant(task[0])}{task[1..]}: what is learned from which log", plot,
            "100 is the skilled controller, 0 random actions. Simple methods are grey; each line has its name as a tip.",
            [.. report.Rows.Select(r => (r.Name, r.IsSimple, Of(r).Select((c, i) => ((double)i, c.Score.Mean))))]);
    }
}
