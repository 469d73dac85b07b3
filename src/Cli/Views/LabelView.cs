using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Models.Labels;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a comparison of labels goes, a line a form and seed, and its table.</summary>
internal static class LabelView
{
    /// <summary>A line at the first training of each form and seed; beside standard output where a program reads that.</summary>
    public static IProgress<LabelProgress> Progress(bool isJson) => new Lines(isJson ? Terminal.WriteNote : Terminal.Out.WriteLine);

    /// <summary>The table at the end.</summary>
    public static void Summarise(LabelReport report, string folder)
    {
        Table table = Tables.Numbers(report.Headings[0], [.. report.Headings.Skip(1)]);
        foreach (LabelRow row in report.Rows)
        {
            table.AddRow([.. report.Cells(row).Select(c => c.IsBest ? $"[bold]{Terminal.Escape(c.Text)}[/]" : Terminal.Escape(c.Text))]);
        }
        Terminal.Out.Write(table);
        Terminal.Out.WriteLine($"Share of streams told right after so many events, ± one standard error over seeds. How early the kind is told: {Path.Combine(folder, "report.html")}, and report.json beside it.");
    }

    private sealed class Lines(Action<string> write) : IProgress<LabelProgress>
    {
        private string? _last;

        public void Report(LabelProgress value)
        {
            if (value.What != _last)
            {
                write($"training {value.Finished + 1} of {value.Trainings} ({value.What})");
                _last = value.What;
            }
        }
    }
}
