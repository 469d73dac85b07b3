using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Activities;
using Foretell.Models.Network;
using Foretell.Models.Scoring;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>A model's scores beside the baselines'.</summary>
internal static class EvalView
{
    public static void Write(Evaluation scores, ForecastModel model, ActivityScore? cases = null)
    {
        Table table = Tables.Numbers("nats per event, lower is better", "joint NLL", "time", "mark")
            .AddRow($"[bold]model {model.Id}[/]", $"[bold]{Format.Nats(scores.Nll)}[/]", Format.Nats(scores.NllTime),
                Format.Nats(scores.NllMark));
        if (scores.AsTrained is { } trained)
        {
            table.AddRow("without adaptation", Format.Nats(trained.NllTime + (trained.NllMark ?? 0) + (scores.NllValue ?? 0)),
                Format.Nats(trained.NllTime), Format.Nats(trained.NllMark));
        }
        foreach ((string name, BaselineScore score) in scores.Baselines)
        {
            // Most baselines speak of times or of marks, not of both, and none of values.
            double? joint = scores.NllValue is null ? score.NllTime + score.NllMark : null;
            table.AddRow(Terminal.Escape(name), Format.Nats(joint), Format.Nats(score.NllTime), Format.Nats(score.NllMark));
        }
        Terminal.Out.Write(table);
        WriteValues(scores);
        WriteLabels(scores);
        if (scores.Shared is { } shared)
        {
            // A table of its own: these figures are of a host's whole stream of events, and compare with nothing published.
            Terminal.Out.Write(Tables.Numbers("nats per event, all streams in the order of time", "joint NLL", "time", "mark")
                .AddRow("each stream by itself", Format.Nats(scores.Nll), Format.Nats(scores.NllTime), Format.Nats(scores.NllMark))
                .AddRow("with a shared shift", Format.Nats(shared.Nll), Format.Nats(shared.NllTime), Format.Nats(shared.NllMark)));
        }

        Table rest = Tables.KeyValue()
            .AddRow("events", $"{Format.Count(scores.Events)} predicted in {Format.Count(scores.Sequences, "sequence")}"
                + (scores.PastEvents > 0 ? $", behind {Format.Count(scores.PastEvents, "event")} of their past" : ""));
        if (model.Config.Marks.Count > 0)
        {
            rest.AddRow("mark accuracy",
                $"{Format.Percent(scores.Accuracy)} before the gap is known, {Format.Percent(scores.AccuracyGivenGap)} after");
        }
        if (scores.OpenEnds is { } open)
        {
            rest.AddRow("open ends",
                $"{Format.Nats(scores.NllOpenEnd)} nats each, {Format.Count(open, "stream")} silent up to the end of observation");
        }
        if (scores.NllValue is { } nats)
        {
            rest.AddRow("values", $"{Format.Nats(nats)} nats an event, part of the joint NLL; \"its level's\" is the CRPS of a normal at the stream's own level");
        }
        if (cases is not null)
        {
            rest.AddRow("whole streams", $"what comes next, the end included, right {Format.Percent(cases.Accuracy!.Value)}; whether it is over {Format.Nats(cases.LogLossOver)} nats")
                .AddRow("remaining time", $"median off by {Format.Duration(cases.RemainingError!.Value * 86_400)} (mean absolute)");
        }
        ForecastErrors errors = scores.Errors;
        double unit = model.Config.TimeUnitSeconds;
        if (errors.MarkCalibration is { } calibration)
        {
            rest.AddRow("mark calibration", $"{calibration.ToString("0.0000", CultureInfo.InvariantCulture)} (expected error, 0 is perfect)");
        }
        rest.AddRow("error of the median", $"{Format.Duration(errors.Mae * unit)} (mean absolute), CRPS {Format.Duration(errors.Crps * unit)}")
            .AddRow("error of the mean", $"{Format.Duration(scores.Rmse * unit)} (root mean square)")
            .AddRow("intervals",
                $"50 % hold {Format.Percent(errors.Coverage50)}, 80 % {Format.Percent(errors.Coverage80)}, 95 % {Format.Percent(errors.Coverage95)} of the gaps")
            .AddRow("calibration",
                $"{scores.PitKs.ToString("0.0000", CultureInfo.InvariantCulture)} (Kolmogorov-Smirnov distance, 0 is perfect)"
                    + (scores.Shared is { } common ? $", {common.PitKs.ToString("0.0000", CultureInfo.InvariantCulture)} with a shared shift" : ""))
            .AddRow("order", "each stream by itself, from its own past: the file's order of streams does not matter")
            .AddRow("bytes a stream", Format.Count(scores.StateBytesPerStream));
        if (errors.NllTimeInCell is { } inCell)
        {
            rest.AddRow("grid audit", $"times recorded by {Format.Duration(errors.RecordingCell!.Value * unit)}: {Format.Nats(scores.NllTime)} nats as recorded, {Format.Nats(inCell)} anywhere within the tick");
        }
        Terminal.Out.Write(rest);
    }

    /// <summary>How much, value by value; the joint NLL has them in it.</summary>
    private static void WriteValues(Evaluation scores)
    {
        if (scores.Values is not { Count: > 0 } values)
        {
            return;
        }
        Table table = Tables.Numbers("value", "events", "CRPS", "its level's", "median off", "in 80 %");
        foreach (ValueErrors value in values)
        {
            string of = value.IsLog ? $"ln {Terminal.Escape(value.Name)}" : Terminal.Escape(value.Name);
            table.AddRow(of, Format.Count(value.Events), Significant(value.Crps), Significant(value.CrpsRunning), Significant(value.Mae),
                Format.Percent(value.Coverage80));
        }
        Terminal.Out.Write(table);

        static string Significant(double x) => x.ToString("G4", CultureInfo.InvariantCulture);
    }

    /// <summary>What kind of stream, by events seen.</summary>
    private static void WriteLabels(Evaluation scores)
    {
        if (scores.Labels is not { Count: > 0 } labels)
        {
            return;
        }
        Table table = Tables.Numbers("kind of stream", "accuracy", "log loss", "AUC");
        foreach (LabelScore score in labels)
        {
            table.AddRow(score.After is { } after ? $"after {Format.Count(after, "event")}" : "after all events", Format.Percent(score.Accuracy),
                Format.Nats(score.LogLoss), score.Auc?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-");
        }
        Terminal.Out.Write(table);
    }
}
