using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a comparison goes, as a bar on a terminal and as a line a training elsewhere, and its table.</summary>
internal static class CompareView
{
    /// <summary>Runs <paramref name="compare"/> and shows what it reports; beside standard output where a program reads that.</summary>
    public static ComparisonReport Show(bool isJson, Func<IProgress<ComparisonProgress>, ComparisonReport> compare) =>
        Terminal.IsInteractive && !isJson ? WithBar(compare) : compare(new Lines(isJson ? Terminal.WriteNote : Terminal.Out.WriteLine));

    /// <summary>The table at the end.</summary>
    public static void Summarise(ComparisonReport report, string folder)
    {
        // The files have all columns; a terminal has room for those that decide.
        ComparisonColumn[] columns = [.. ComparisonColumn.Of(report)
            .Where(c => c.Heading is not ("parameters" or "bytes at 100" or "at 10,000" or "training" or "seeds"))];
        Table table =
            Tables.Numbers(columns[0].Heading, [.. columns[1..].Select(c => c.Heading == "at 1,000" ? "bytes at 1,000" : c.Heading)]);
        foreach (ReportRow row in report.Rows)
        {
            table.AddCells(columns.Select(c => (c.Show(row), c.IsBest(row))));
        }
        Terminal.Out.Write(table);
        if (report.Horizons is { } horizons)
        {
            Summarise(horizons);
        }
        Terminal.Out.WriteLine(
            $"Nats per event, ± one standard error over seeds. All columns and plots: {Path.Combine(folder, "report.html")}, report.md and report.json beside it.");
    }

    private static void Summarise(HorizonTable horizons)
    {
        Table table = Tables.Numbers($"whole horizons of {Format.Duration(horizons.HorizonSeconds)}", HorizonTable.Headings[1..]);
        foreach (HorizonRow row in horizons.Rows)
        {
            table.AddCells(horizons.Cells(row));
        }
        Terminal.Out.Write(table);
        Terminal.Out.WriteLine(
            $"{Format.Count(horizons.Horizons, "horizon")} with {Format.Count(horizons.Events, "event")}. T-mAP: higher is better. OTD: lower is better, and 1 is what naming no event scores.");
    }

    private static ComparisonReport WithBar(Func<IProgress<ComparisonProgress>, ComparisonReport> compare) =>
        Terminal.Out.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("preparing", maxValue: 1);
                ComparisonReport report = compare(new Bar(task));
                task.Value = 1;
                return report;
            });

    private static string Describe(ComparisonProgress at)
    {
        string remaining = at.Remaining is { } left && left > TimeSpan.Zero
            ? $", about {Format.Duration(Rounded(left.TotalSeconds))} left" : "";
        return at.IsScoring
            ? $"scoring {at.What}{remaining}"
            : $"training {at.Finished + 1} of {at.Trainings} ({at.What}){remaining}";
    }

    /// <summary>An estimate in whole seconds, minutes or tenths of hours: its other digits say nothing.</summary>
    private static double Rounded(double seconds) => seconds switch
    {
        < 120 => Math.Max(1, Math.Round(seconds)),
        < 7200 => 60 * Math.Round(seconds / 60),
        _ => 360 * Math.Round(seconds / 360),
    };

    /// <summary>A bar with a line beside it, redrawn at every report.</summary>
    private sealed class Bar(ProgressTask task) : IProgress<ComparisonProgress>
    {
        public void Report(ComparisonProgress value)
        {
            task.Value = value.Share;
            task.Description = Terminal.Escape(Describe(value)) + (value.Training is { } at
                ? $"  epoch {at.Epoch}  train {Format.Nats(at.TrainNll)}  best dev {Format.Nats(at.BestDevNll)}" : "");
        }
    }

    /// <summary>A line at the start of each training and each scoring.</summary>
    private sealed class Lines(Action<string> write) : IProgress<ComparisonProgress>
    {
        public void Report(ComparisonProgress value)
        {
            if (value.Training is null)
            {
                write(Describe(value));
            }
        }
    }
}
