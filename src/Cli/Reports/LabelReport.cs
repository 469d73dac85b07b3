using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Labels;

namespace Foretell.Cli.Reports;

/// <summary>The table of a comparison of labels: what report.json holds and the page shows.</summary>
internal sealed record LabelReport
{
    /// <summary>False while rows are still to come.</summary>
    public required bool IsComplete { get; init; }
    public required string Task { get; init; }
    /// <summary>Streams that are scored, each by models that did not see it.</summary>
    public required int Streams { get; init; }
    /// <summary>Parts that take turns; 1 with a test set.</summary>
    public required int Folds { get; init; }
    public required int Seeds { get; init; }
    public required string Shape { get; init; }
    public required IReadOnlyList<LabelRow> Rows { get; init; }

    /// <summary>Headings of the columns.</summary>
    public IReadOnlyList<string> Headings => ["form", .. Rows[0].Scores.Select(s => s.After is { } n ? $"after {Format.Count(n)}" : "after all"),
        "log loss", "bytes"];

    /// <summary>Runs a comparison and writes report.json and report.html after every row.</summary>
    public static LabelReport Write(LabelComparison comparison, LabelComparisonOptions options, string folder,
        IProgress<TrainingsProgress> progress, CancellationToken cancellation) =>
        ReportFile.Write(folder, comparison.Run(progress, cancellation), (rows, isComplete) => new LabelReport
        {
            IsComplete = isComplete,
            Task = "labels",
            Streams = comparison.Streams,
            Folds = comparison.Folds,
            Seeds = options.Seeds,
            Shape = ComparisonText.Shape(options.Training.Shape),
            // Simple methods are done first, and stand last.
            Rows = [.. rows.OrderBy(r => r.IsSimple)],
        }, LabelPage.Of);

    /// <summary>A row's cells, and whether each is the best of its column.</summary>
    public IEnumerable<(string Text, bool IsBest)> Cells(LabelRow row)
    {
        yield return (row.Name, false);
        for (int i = 0; i < row.Scores.Count; i++)
        {
            yield return (Share(row.Scores[i].Accuracy), row.Scores[i].Accuracy.Mean == Rows.Max(r => r.Scores[i].Accuracy.Mean));
        }
        yield return (Nats(row.Scores[^1].LogLoss), row.Scores[^1].LogLoss.Mean == Rows.Min(r => r.Scores[^1].LogLoss.Mean));
        yield return (row.BytesPerStream is { } bytes ? Format.Count(bytes) : "-", false);
    }

    /// <summary>What was compared on what, and what the columns say.</summary>
    public IEnumerable<string> Notes()
    {
        yield return Folds > 1
            ? $"{Format.Count(Streams, "stream")}, each scored by models of the other {Folds - 1} of {Folds} folds."
            : $"{Format.Count(Streams, "stream")} of the test set.";
        yield return $"Each form: {Shape}; {Format.Count(Seeds, "seed")}; ± one standard error over them, which tells what another seed would change, not what other streams would.";
        yield return "Share of streams whose kind was told right after so many of their events; a shorter stream is judged at its last. Log loss: of the right kind after all events, nats, lower is better.";
        yield return "Only what came so far is read, and every event of training counts as an end: how long a stream is tells nothing. Bytes: of a stream's row at the end of the longest.";
    }

    private static string Share(Estimate share) => ComparisonText.PlusMinus(share, "0.0", 100, " %");

    private static string Nats(Estimate nats) => ComparisonText.PlusMinus(nats, "0.000");
}
