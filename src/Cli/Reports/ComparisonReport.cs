using System.Text.Json.Serialization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Configuration;

namespace Foretell.Cli.Reports;

/// <summary>The table of a comparison: what report.json holds and the other two forms show.</summary>
internal sealed record ComparisonReport
{
    /// <summary>False while rows are still to come.</summary>
    public required bool IsComplete { get; init; }
    public required DataSummary Train { get; init; }
    public required DataSummary Dev { get; init; }
    public required DataSummary Test { get; init; }
    public required double MeanTestLength { get; init; }
    /// <summary>Test streams whose silence up to the end of observation is scored; null where open ends do not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required int? OpenEnds { get; init; }
    public required double TimeUnitSeconds { get; init; }
    public required string Shape { get; init; }
    public required int? Epochs { get; init; }
    public required IReadOnlyList<double> LearningRates { get; init; }
    public required IReadOnlyList<ReportRow> Rows { get; init; }
    /// <summary>Forecasts of whole horizons; null where they are not scored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HorizonTable? Horizons { get; init; }

    /// <summary>Runs a comparison and writes report.json, report.md and report.html after every row, so that what is done can be
    /// read while it goes on.</summary>
    public static ComparisonReport Write(ComparisonRun comparison, ComparisonData data, string folder,
        IProgress<ComparisonProgress> progress, CancellationToken cancellation)
    {
        List<ComparisonRow> rows = [];
        foreach (ComparisonRow row in comparison.Run(progress, cancellation))
        {
            rows.Add(row);
            Of(comparison, data, rows, isComplete: false).WriteFiles(folder);
        }
        ComparisonReport report = Of(comparison, data, rows, isComplete: true);
        report.WriteFiles(folder);
        return report;
    }

    private static ComparisonReport Of(ComparisonRun comparison, ComparisonData data, List<ComparisonRow> rows, bool isComplete)
    {
        ComparisonSettings settings = comparison.Settings;
        ModelConfig shape = settings.Training.Shape;
        return new ComparisonReport
        {
            IsComplete = isComplete,
            Train = settings.Train,
            Dev = settings.Dev,
            Test = settings.Test,
            MeanTestLength = data.MeanTestLength,
            OpenEnds = rows[0].First.OpenEnds,
            TimeUnitSeconds = shape.TimeUnitSeconds,
            Shape = $"{ComparisonText.Shape(shape)}, {shape.Components} components",
            Epochs = settings.Training.Epochs,
            LearningRates = settings.Rates,
            // Simple methods are done first, and stand last.
            Rows = [.. rows.Select(ReportRow.Of).OrderBy(r => r.IsSimple)],
            Horizons = HorizonTable.Of(comparison.Horizons, rows, shape.TimeUnitSeconds),
        };
    }

    private void WriteFiles(string folder)
    {
        ReportFile.Replace(folder, "report.json", JsonOutput.Indented(this));
        ReportFile.Replace(folder, "report.md", ComparisonMarkdown.Of(this));
        ReportFile.Replace(folder, "report.html", ComparisonPage.Of(this));
    }
}

/// <summary>One row, in means over seeds.</summary>
internal sealed record ReportRow
{
    public required string Name { get; init; }
    public required string? Mixer { get; init; }
    public required int? States { get; init; }
    public required int Seeds { get; init; }
    public required Estimate Nll { get; init; }
    public required Estimate NllTime { get; init; }
    public required Estimate? NllMark { get; init; }
    public required Estimate? Accuracy { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required Estimate? NllOpenEnd { get; init; }
    public required Estimate PitKs { get; init; }
    public Estimate? Mae { get; init; }
    public Estimate? Crps { get; init; }
    /// <summary>Shares of gaps in the central 50, 80 and 95% intervals.</summary>
    public IReadOnlyList<double>? Coverage { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Estimate? MarkCalibration { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Estimate? NllTimeInCell { get; init; }
    public required Estimate? DevNll { get; init; }
    public required int Parameters { get; init; }
    public required StateSize BytesPerStream { get; init; }
    public required double? EventsPerSecond { get; init; }
    public required double? TrainingSeconds { get; init; }
    public required double? LearningRate { get; init; }
    public required bool IsRateAtEdge { get; init; }
    public required IReadOnlyList<SeenNll> NllBySeen { get; init; }
    public required IReadOnlyList<double> PitShares { get; init; }
    public required long Events { get; init; }
    public required IReadOnlyList<SeedScore> PerSeed { get; init; }

    /// <summary>A method that only counts.</summary>
    [JsonIgnore]
    public bool IsSimple => Mixer is null;

    public static ReportRow Of(ComparisonRow row) => new()
    {
        Name = row.Name,
        Mixer = row.First.Mixer,
        States = row.First.States > 0 ? row.First.States : null,
        Seeds = row.Scores.Count,
        Nll = row.Nll,
        NllTime = row.NllTime,
        NllMark = row.NllMark,
        Accuracy = row.Accuracy,
        NllOpenEnd = row.NllOpenEnd,
        PitKs = row.PitKs,
        Mae = row.Error(e => e.Mae),
        Crps = row.Error(e => e.Crps),
        Coverage = row.Error(e => e.Coverage50) is { } half
            ? [half.Mean, row.Error(e => e.Coverage80)!.Value.Mean, row.Error(e => e.Coverage95)!.Value.Mean] : null,
        MarkCalibration = row.Error(e => e.MarkCalibration),
        NllTimeInCell = row.Error(e => e.NllTimeInCell),
        DevNll = row.DevNll,
        Parameters = row.First.Parameters,
        BytesPerStream = row.First.Bytes,
        EventsPerSecond = row.First.EventsPerSecond,
        TrainingSeconds = row.TrainingSeconds,
        LearningRate = row.Rate,
        IsRateAtEdge = row.IsRateAtEdge,
        NllBySeen = [.. row.BySeen.Select(b => new SeenNll(b.From, b.Events, b.Nll))],
        PitShares = row.PitShares,
        Events = row.First.Events,
        PerSeed = [.. row.Scores.Select(s => new SeedScore(s.Seed, s.ModelId, s.Nll, s.NllTime, s.NllMark, s.NllOpenEnd))],
    };
}

/// <summary>Joint NLL of the events before which their streams had so many.</summary>
internal sealed record SeenNll(long From, long Events, double Nll);

/// <summary>Scores of one seed.</summary>
internal sealed record SeedScore(int Seed, string? ModelId, double Nll, double NllTime, double? NllMark,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? NllOpenEnd);
