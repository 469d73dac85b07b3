using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>One column of the comparison's table.</summary>
/// <param name="Heading">Heading.</param>
/// <param name="Show">The cell as text.</param>
/// <param name="Value">What a cell is ranked by; null where there is nothing.</param>
internal sealed record ComparisonColumn(string Heading, Func<ReportRow, string> Show, Func<ReportRow, double?>? Value = null)
{
    private const string Nothing = "–";

    private double? _best;

    /// <summary>Numbers stand at the right.</summary>
    public bool IsNumber => Value is not null;

    /// <summary>The cell with the best score of a column of scores.</summary>
    public bool IsBest(ReportRow row) => _best is { } best && Value!(row) == best;

    /// <summary>The columns; those of marks only where events have marks.</summary>
    public static ComparisonColumn[] Of(ComparisonReport report)
    {
        bool isMarked = report.Rows.Any(r => r.NllMark is not null);
        List<ComparisonColumn> columns = [new("form", r => r.Name)];
        if (isMarked)
        {
            columns.Add(Score("joint NLL", r => r.Nll));
        }
        columns.Add(Score(isMarked ? "time" : "time NLL", r => r.NllTime));
        if (isMarked)
        {
            columns.Add(Score("mark", r => r.NllMark));
            columns.Add(new("accuracy", r => r.Accuracy is { } a ? ComparisonText.PlusMinus(a, "0.0", 100) + " %" : Nothing, r => r.Accuracy?.Mean));
        }
        if (report.OpenEnds is not null)
        {
            columns.Add(Score("open end", r => r.NllOpenEnd));
        }
        columns.AddRange(
        [
            Score("pitKs", r => r.PitKs),
            Score("MAE", r => r.Mae),
            Score("CRPS", r => r.Crps),
            new("50/80/95 % hold", r => r.Coverage is { } shares ? string.Join(" / ", shares.Select(Percent)) + " %" : Nothing),
        ]);
        if (isMarked)
        {
            columns.Add(Score("mark cal.", r => r.MarkCalibration));
        }
        if (report.Rows.Any(r => r.NllTimeInCell is not null))
        {
            columns.Add(Score("time in tick", r => r.NllTimeInCell));
        }
        columns.AddRange(
        [
            new("parameters", r => Format.Count(r.Parameters), r => r.Parameters),
            new("bytes at 100", r => Format.Count(r.BytesPerStream.After100), r => r.BytesPerStream.After100),
            new("at 1,000", r => Format.Count(r.BytesPerStream.After1000), r => r.BytesPerStream.After1000),
            new("at 10,000", r => Format.Count(r.BytesPerStream.After10000), r => r.BytesPerStream.After10000),
            new("events/s", r => r.EventsPerSecond is { } rate ? Format.Count((long)double.Round(rate, 0)) : Nothing,
                r => r.EventsPerSecond),
            new("training", r => r.TrainingSeconds is { } seconds ? Format.Duration(seconds) : Nothing, r => r.TrainingSeconds),
            new("rate", r => r.LearningRate is { } rate ? ComparisonText.Rate(rate) + (r.IsRateAtEdge ? " *" : "") : Nothing,
                r => r.LearningRate),
            new("seeds", r => r.IsSimple ? Nothing : r.Seeds.ToString(CultureInfo.InvariantCulture), r => r.Seeds),
        ]);
        return [.. columns];

        ComparisonColumn Score(string heading, Func<ReportRow, Estimate?> estimate) =>
            new(heading, r => estimate(r) is { } e ? ComparisonText.PlusMinus(e, "0.0000") : Nothing,
                r => estimate(r)?.Mean) { _best = report.Rows.Min(r => estimate(r)?.Mean) };
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);
}
