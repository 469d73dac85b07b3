using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Models.Actions;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows the tables of a comparison of actions, one a task.</summary>
internal static class ActionView
{
    /// <summary>The tables at the end.</summary>
    public static void Summarise(ActionReport report, string folder)
    {
        foreach (string task in report.Tasks())
        {
            Terminal.Out.Write(TableOf(report, task));
        }
        Terminal.Out.WriteLine($"{char.ToUpperInvariant(ActionReport.Scale[0])}{ActionReport.Scale[1..]}. Mean return of {Format.Count(report.Played, "played episode")}, 0 random, 100 the skilled controller, ± one standard error over seeds. Plots: {Path.Combine(folder, "report.html")}, and report.json beside it.");
    }

    /// <summary>The table of one task.</summary>
    public static Table TableOf(ActionReport report, string task)
    {
        Table table = Tables.Numbers(task,
            [.. report.Rows[0].Cells.Where(c => c.Task == task).Select(c => c.Quality), .. ActionReport.Costs]);
        foreach (ActionRow row in report.Rows)
        {
            table.AddCells(report.Cells(row, task));
        }
        return table.Compact();
    }
}
