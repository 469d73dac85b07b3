using System.Text.Json.Serialization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Horizons;

namespace Foretell.Cli.Reports;

/// <summary>The second table of a comparison: how forecasts of whole horizons did.</summary>
internal sealed record HorizonTable
{
    /// <summary>Headings of the columns.</summary>
    public static readonly string[] Headings = ["form", "T-mAP", "weighted", "OTD"];

    public required double HorizonSeconds { get; init; }
    public required double DeltaSeconds { get; init; }
    /// <summary>Events between two moments of forecasting.</summary>
    public required int Step { get; init; }
    public required int Paths { get; init; }
    /// <summary>Horizons forecast.</summary>
    public required int Horizons { get; init; }
    /// <summary>Events in them.</summary>
    public required int Events { get; init; }
    public required IReadOnlyList<HorizonRow> Rows { get; init; }

    /// <summary>The forms that are done so far, then the methods that count; null where horizons are not scored.</summary>
    public static HorizonTable? Of(HorizonComparison? horizons, IEnumerable<ComparisonRow> rows, double timeUnitSeconds) =>
        horizons is null ? null : new HorizonTable
        {
            HorizonSeconds = horizons.Setting.Horizon * timeUnitSeconds,
            DeltaSeconds = horizons.Setting.Delta * timeUnitSeconds,
            Step = horizons.Setting.Step,
            Paths = HorizonSetting.Paths,
            Horizons = horizons.HistoryDensity.Horizons,
            Events = horizons.HistoryDensity.Events,
            Rows =
            [
                .. rows.Where(r => r.Horizons.Count > 0).Select(r => HorizonRow.Of(r.Name, false, r.Horizons)),
                HorizonRow.Of("history density", true, [horizons.HistoryDensity]),
                HorizonRow.Of("most popular", true, [horizons.MostPopular]),
            ],
        };

    /// <summary>A row's cells, and whether each is the best of its column.</summary>
    public IEnumerable<(string Text, bool IsBest)> Cells(HorizonRow row) =>
    [
        (row.Name, false),
        (Text(row.TMap), row.TMap.Mean == Rows.Max(r => r.TMap.Mean)),
        (Text(row.WeightedTMap), row.WeightedTMap.Mean == Rows.Max(r => r.WeightedTMap.Mean)),
        (Text(row.Otd), row.Otd.Mean == Rows.Min(r => r.Otd.Mean)),
    ];

    /// <summary>What was forecast, and what the columns say.</summary>
    public IEnumerable<string> Notes()
    {
        yield return $"{Format.Count(Horizons, "horizon")} of {Format.Duration(HorizonSeconds)}, the time in which five events come in train on average, behind every {Ordinal(Step)} test event, with {Format.Count(Events, "event")} in them. A prediction may be off by {Format.Duration(DeltaSeconds)}.";
        yield return "T-mAP: mean average precision over marks, 0 to 1, higher is better; weighted, marks count by their events. OTD: optimal transport distance, lower is better; 1 is what naming no event at all scores.";
        yield return $"A form's forecast is what {Paths} sampled paths agree on. History density: each mark goes on at the rate that it had in the stream; most popular: its most frequent mark, again and again.";
    }

    private static string Ordinal(int n) => n == 1 ? "single" : n + ((n % 100 is >= 11 and <= 13 ? 0 : n % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });

    private static string Text(Estimate estimate) => ComparisonText.PlusMinus(estimate, "0.0000");
}

/// <summary>One row of it, in means over seeds.</summary>
internal sealed record HorizonRow(string Name, [property: JsonIgnore] bool IsSimple, Estimate TMap,
    Estimate WeightedTMap, Estimate Otd)
{
    public static HorizonRow Of(string name, bool isSimple, IReadOnlyList<HorizonScore> scores) =>
        new(name, isSimple, Mean(scores, s => s.TMap), Mean(scores, s => s.WeightedTMap), Mean(scores, s => s.Otd));

    private static Estimate Mean(IReadOnlyList<HorizonScore> scores, Func<HorizonScore, double> value) =>
        Estimate.Of([.. scores.Select(value)]);
}
