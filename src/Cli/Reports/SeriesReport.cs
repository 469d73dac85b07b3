using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Series;

namespace Foretell.Cli.Reports;

/// <summary>The table of a comparison of series: what report.json holds and the page shows.</summary>
internal sealed record SeriesReport
{
    /// <summary>False while rows are still to come.</summary>
    public required bool IsComplete { get; init; }
    public required string Task { get; init; }
    /// <summary>Series that are scored: streams times values.</summary>
    public required int Series { get; init; }
    /// <summary>Whole horizons that are scored.</summary>
    public required long Origins { get; init; }
    /// <summary>Readings of a horizon.</summary>
    public required int Horizon { get; init; }
    /// <summary>Latest readings that are kept.</summary>
    public required int Window { get; init; }
    public required IReadOnlyList<int> Seasons { get; init; }
    public required int Seeds { get; init; }
    public required string Shape { get; init; }
    public required IReadOnlyList<SeriesRow> Rows { get; init; }

    /// <summary>Headings of the columns.</summary>
    public static IReadOnlyList<string> Headings { get; } = ["form", "MSE", "MAE", "pinball", "in 10-90 %", "bytes"];

    /// <summary>Runs a comparison and writes report.json and report.html after every row.</summary>
    public static SeriesReport Write(SeriesComparison comparison, SeriesComparisonOptions options, string folder,
        IProgress<TrainingsProgress> progress, CancellationToken cancellation) =>
        ReportFile.Write(folder, comparison.Run(progress, cancellation), (rows, isComplete) => new SeriesReport
        {
            IsComplete = isComplete,
            Task = "series",
            Series = comparison.Series,
            Origins = comparison.Origins,
            Horizon = options.Series.Horizon,
            Window = options.Series.Window,
            Seasons = options.Series.Seasons,
            Seeds = options.Seeds,
            Shape = ComparisonText.Shape(options.Training.Shape),
            // Simple methods are done first, and stand last.
            Rows = [.. rows.OrderBy(r => r.IsSimple)],
        }, SeriesPage.Of);

    /// <summary>A row's cells, and whether each is the best of its column.</summary>
    public IEnumerable<(string Text, bool IsBest)> Cells(SeriesRow row)
    {
        yield return (row.Name, false);
        yield return (Error(row.Mse), row.Mse.Mean == Rows.Min(r => r.Mse.Mean));
        yield return (Error(row.Mae), row.Mae.Mean == Rows.Min(r => r.Mae.Mean));
        yield return (Error(row.Pinball), row.Pinball.Mean == Rows.Min(r => r.Pinball.Mean));
        yield return (Share(row.Inside), Math.Abs(row.Inside.Mean - 0.8) == Rows.Min(r => Math.Abs(r.Inside.Mean - 0.8)));
        yield return (Format.Count(row.BytesPerStream), false);
    }

    /// <summary>What was compared on what, and what the columns say.</summary>
    public IEnumerable<string> Notes()
    {
        yield return $"The next {Format.Count(Horizon, "reading")} behind each of {Format.Count(Origins)} origins of {Format.Count(Series)} series of the test set; every origin whose horizon lies in it counts.";
        yield return $"Each form: {Shape}, the latest {Format.Count(Window)} readings as values and all before them in its state; {Format.Count(Seeds, "seed")}; ± one standard error over them, which tells what another seed would change, not what other series would.";
        yield return "MSE, MAE: of the point forecasts, in deviations of training. Pinball: twice the mean loss of the quantiles 0.1 to 0.9, which for one sure forecast is MAE. Lower is better.";
        yield return "In 10-90 %: share of readings from the 0.1 up to the 0.9 quantile; 80 % is right. A simple method's quantiles are those of its errors on train, step by step.";
        yield return "Bytes: of one series at the end of the longest, its window with it.";
    }

    private static string Error(Estimate error) => ComparisonText.PlusMinus(error, "0.0000");

    private static string Share(Estimate share) => ComparisonText.PlusMinus(share, "0.0", 100, " %");
}
