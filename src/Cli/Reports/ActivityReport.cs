using Foretell.Cli.Shell;
using Foretell.Models.Activities;
using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>The table of a comparison of activities: what report.json holds and the page shows.</summary>
internal sealed record ActivityReport
{
    private static readonly ActivityColumn[] s_columns =
    [
        new("accuracy", s => s.Accuracy, "0.0", 100),
        new("as Tax", s => s.AccuracyTax, "0.0", 100),
        new("going on", s => s.AccuracyGoingOn, "0.0", 100),
        new("log loss", s => s.LogLoss, "0.000"),
        new("over", s => s.LogLossOver, "0.000"),
        new("next gap", s => s.GapError, "0.00"),
        new("remaining", s => s.RemainingError, "0.00"),
    ];

    /// <summary>False while rows are still to come.</summary>
    public required bool IsComplete { get; init; }
    public required string Task { get; init; }
    /// <summary>Cases that are scored.</summary>
    public required int Cases { get; init; }
    /// <summary>Their events: there is a forecast after each.</summary>
    public required long Events { get; init; }
    /// <summary>Activities that train has; the end of a case is one more.</summary>
    public required int Activities { get; init; }
    /// <summary>The forms read the time of day and of the week.</summary>
    public required bool ReadsCalendar { get; init; }
    public required int Seeds { get; init; }
    public required string Shape { get; init; }
    public required IReadOnlyList<ActivityRow> Rows { get; init; }

    /// <summary>Headings of the columns.</summary>
    public static IReadOnlyList<string> Headings => ["form", .. s_columns.Select(c => c.Heading), "bytes"];

    /// <summary>Runs a comparison and writes report.json and report.html after every row.</summary>
    public static ActivityReport Write(ActivityComparison comparison, ActivityComparisonOptions options, string folder,
        IProgress<TrainingsProgress> progress, CancellationToken cancellation) =>
        ReportFile.Write(folder, comparison.Run(progress, cancellation), (rows, isComplete) => new ActivityReport
        {
            IsComplete = isComplete,
            Task = "activities",
            Cases = comparison.Cases,
            Events = comparison.Events,
            Activities = comparison.Activities.Count,
            ReadsCalendar = comparison.ReadsCalendar,
            Seeds = options.Seeds,
            Shape = ComparisonText.Shape(options.Training.Shape),
            // Simple methods are done first, and stand last.
            Rows = [.. rows.OrderBy(r => r.IsSimple)],
        }, ActivityPage.Of);

    /// <summary>A row's cells, and whether each is the best of its column.</summary>
    public IEnumerable<(string Text, bool IsBest)> Cells(ActivityRow row)
    {
        yield return (row.Name, false);
        foreach (ActivityColumn column in s_columns)
        {
            yield return column.Cell(row, Rows);
        }
        yield return (row.BytesPerStream is { } bytes ? Format.Count(bytes) : "-", false);
    }

    /// <summary>What was compared on what, and what the columns say.</summary>
    public IEnumerable<string> Notes()
    {
        string calendar = ReadsCalendar ? "Forms read the time of day and of the week." : "All cases begin at one time, so forms read no time of day or week.";
        yield return $"{Format.Count(Cases, "case")} of the test set with {Format.Count(Events, "event")}: after each event what comes next is forecast, by the events so far. {Format.Count(Activities)} activities, and the end as one more.";
        yield return $"Each form: {Shape}; {Format.Count(Seeds, "seed")}; ± one standard error over them, which tells what another seed would change, not what other cases would. {calendar}";
        yield return "Accuracy: share of forecasts, %, whose likeliest activity came, the end included. As Tax: only where an event followed, from the third on; the end may be said and is never right. Going on: the same, the end ruled out. The three are not comparable.";
        yield return "Log loss: of what came, the end included. Over: of whether the case was over. Both in nats, lower is better.";
        yield return "Next gap: mean absolute error of the time to the next event, from the third event on. Remaining: of the time to the case's last event, after every event. Both in days, forecasts are medians but where a row says mean.";
        yield return "Bytes: of a stream's row at the end of the longest case.";
    }

    /// <summary>A column of figures over seeds.</summary>
    /// <param name="Heading">Its heading.</param>
    /// <param name="Figure">Its figure.</param>
    /// <param name="Digits">How it is written.</param>
    /// <param name="Factor">It is shown times this; 100 of shares, of which more is better.</param>
    private sealed record ActivityColumn(string Heading, Func<ActivityEstimates, Estimate?> Figure, string Digits, double Factor = 1)
    {
        public (string Text, bool IsBest) Cell(ActivityRow row, IReadOnlyList<ActivityRow> rows)
        {
            if (Figure(row.Scores) is not { } own)
            {
                return ("-", false);
            }
            IEnumerable<double> all = rows.Select(r => Figure(r.Scores)?.Mean).OfType<double>();
            return (ComparisonText.PlusMinus(own, Digits, Factor), own.Mean == (Factor > 1 ? all.Max() : all.Min()));
        }
    }
}
