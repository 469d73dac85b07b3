using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Configuration;

namespace Foretell.Cli.Reports;

/// <summary>The sentences around the table, the same in every form of the report.</summary>
internal static class ComparisonText
{
    /// <summary>What was compared on what.</summary>
    public static IEnumerable<string> Facts(ComparisonReport report)
    {
        yield return $"Train: {Describe(report.Train)}. Dev: {Describe(report.Dev)}. Test: {Describe(report.Test)}, {Format.Count(report.Rows[0].Events)} predicted{(report.OpenEnds is { } ends ? $", {Format.Count(ends)} open ends" : "")}.";
        yield return $"Each form: {report.Shape}; learning rates {string.Join(", ", report.LearningRates.Select(Rate))} with seed 1, then more seeds at the rate that is best on dev"
            + (report.Epochs is { } epochs ? $"; {epochs} {(epochs == 1 ? "epoch" : "epochs")}." : ".");
        yield return $"Scores: nats per predicted test event, lower is better; density per {TimeUnit(report.TimeUnitSeconds)}; ± one standard error over seeds.";
    }

    /// <summary>What a reader should know of the figures.</summary>
    public static IEnumerable<string> Notes(ComparisonReport report)
    {
        yield return "The standard error tells what another seed would change, not what another test set would.";
        yield return "Events/s: steps of one thread a second of processor time, unscored, 64 streams that have seen 1,000 events. Training: processor time of one training at the chosen rate.";
        if (report.OpenEnds is not null)
        {
            yield return "Open end: the silence after a stream's last event, nats each, beside the joint NLL. A trained form says how likely it is that no next event comes, and its time has paid for those that came; the simple methods promise everyone a next one.";
        }
        if (report.Rows.Any(r => r.States is not null))
        {
            yield return $"A number behind a policy is how many events it keeps per layer; test sequences have {report.MeanTestLength.ToString("#,0.#", CultureInfo.InvariantCulture)} on average. Policies bound softmax's models after training.";
        }
        if (report.Rows.Any(r => r.Name.EndsWith(ComparisonRun.Adapting, StringComparison.Ordinal)))
        {
            yield return "+ adapting: the same models, which follow at serving what each stream shows of its own; the row of the same name without it is as trained. Each stream adapts by itself, so the order of streams does not matter.";
        }
        if (report.Rows.Any(r => r.IsRateAtEdge))
        {
            yield return "* The best of the tried learning rates is the lowest or highest: a better one may lie beyond.";
        }
    }

    /// <summary>"width 64, 2 layers, 4 heads".</summary>
    public static string Shape(ModelConfig shape) => $"width {shape.Width}, {Format.Count(shape.Layers, "layer")}, {shape.Heads} heads";

    /// <summary>A mean, and its standard error where there are several seeds: "0.912 ± 0.004".</summary>
    /// <param name="estimate">The figure.</param>
    /// <param name="format">How numbers are written.</param>
    /// <param name="scale">They are shown times this.</param>
    /// <param name="unit">Stands behind the mean.</param>
    public static string PlusMinus(Estimate estimate, string format, double scale = 1, string unit = "")
    {
        return $"{Text(estimate.Mean)}{unit}{(estimate.StandardError is { } error ? $" ± {Text(error)}" : "")}";

        string Text(double x) => (scale * x).ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>"0.003".</summary>
    public static string Rate(double rate) => rate.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Describe(DataSummary data) => $"{Format.Count(data.Sequences, "sequence")}, {Format.Count(data.Events, "event")}";

    private static string TimeUnit(double seconds) => seconds switch
    {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86400 => "day",
        _ => Format.Duration(seconds),
    };
}
