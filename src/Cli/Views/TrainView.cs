using System.Globalization;
using Foretell.Cli.Data;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a training goes, as a bar on a terminal and as a line an epoch elsewhere, and its result.</summary>
internal static class TrainView
{
    /// <summary>What became of one file, and what is strange about the data, before the training begins: who reads it can still
    /// stop.</summary>
    public static void Announce(TrainingData data, IReadOnlyList<string> remarks)
    {
        if (data.Split is { } split)
        {
            Terminal.Out.WriteLine($"Split by {Describe(split, data)}: {Describe(data.Train)} to learn from (train), "
                + $"{Describe(data.Dev)} to stop by (dev). The time unit is {TimeUnits.Name(data.UnitSeconds)}"
                + (data.HasFoundUnit ? ", by the usual gap; --time-unit names another."
                : data.HasAssumedUnit ? "; --time-unit names what a sequence file's numbers are in." : "."));
        }
        foreach (string remark in remarks)
        {
            Terminal.WriteNote($"remark: {remark}");
        }
    }

    /// <summary>Runs <paramref name="train"/> and shows what it reports; beside standard output where a program reads that.</summary>
    public static TrainingResult Show(bool isJson, string device, Func<IProgress<TrainingProgress>, TrainingResult> train) =>
        Terminal.IsInteractive && !isJson ? WithBar(device, train)
            : train(new Reporter(at => WriteEpoch(at, device, isJson ? Terminal.WriteNote : Terminal.Out.WriteLine)));

    private static string Describe(ValueScale value) => $"{Terminal.Escape(value.Name)}{(value.Floor > 0 ? " (as a logarithm)" : "")}";

    /// <summary>The table at the end.</summary>
    /// <param name="adaptationCost">Nats an event that adapting costs on dev; null where it was not wanted.</param>
    public static void Summarise(TrainingResult result, double? adaptationCost, TrainingData data, string output, string device,
        TimeSpan took)
    {
        ModelConfig config = result.Model.Config;
        Table table = Tables.KeyValue()
            .AddRow("model", result.Model.Id)
            .AddRow("shape", $"{config.Mixer}{(config.Decay ? "" : " without decay")}, width {config.Width}, " +
                $"{config.Layers} {(config.Layers == 1 ? "layer" : "layers")}, {config.Heads} heads, {config.Components} components")
            .AddRow("marks", config.Marks.Count == 0 ? "none" : config.Marks.Count.ToString(CultureInfo.InvariantCulture)
                + (result.Folded is { } folded ? $", the last of them '{ModelConfig.OtherMark}': {Format.Count(folded.Marks)} rare marks with "
                    + $"{Format.Percent((double)folded.Events / folded.Of)} of the events (--max-marks)" : ""))
            .AddRow("values", config.Values is { } values ? string.Join(", ", values.Select(Describe)) : "none")
            .AddRow("kinds of stream", config.Labels is { } labels ? string.Join(", ", labels.Select(Terminal.Escape)) : "none")
            .AddRow("actions", config.Decisions is { } decisions ? $"{string.Join(", ", decisions.Marks.Select(Terminal.Escape))}, for the value {Terminal.Escape(decisions.Reward)}" : "none")
            .AddRow("time unit", Format.Duration(config.TimeUnitSeconds))
            .AddRow("clock grid", config.Resolution == 0 ? "none" : Format.Duration(config.Resolution * config.TimeUnitSeconds))
            .AddRow("train", Describe(data.Train))
            .AddRow("dev", Describe(data.Dev))
            .AddRow("best dev NLL",
                $"{Format.Nats(result.DevNll)} nats an event{(config.Censored ? " or open end" : "")}, in epoch {result.BestEpoch}")
            .AddRow("steps", result.Steps.ToString(CultureInfo.InvariantCulture))
            .AddRow("device", device)
            .AddRow("took", Format.Duration(took.TotalSeconds))
            .AddRow("adapting", Adapting(config.Adapt, adaptationCost))
            .AddRow("bytes a stream", result.Model.Grows
                ? $"{Format.Count(result.Model.StateBytesAfter(1000))} after 1,000 events, growing with each"
                : Format.Count(result.Model.StateBytes))
            .AddRow("written to", Terminal.Escape(output));
        Terminal.Out.Write(table);
    }

    private static string Adapting(bool adapts, double? cost) => cost is null ? "no"
        : adapts ? $"each stream's forecasts follow its own past: {(cost > 0 ? "costs" : "gains")} {Format.Nats(Math.Abs(cost.Value))} nats an event on dev"
        : $"no: it costs {Format.Nats(cost)} nats an event on dev (--adapt where the model is used has it all the same)";

    private static TrainingResult WithBar(string device, Func<IProgress<TrainingProgress>, TrainingResult> train) =>
        Terminal.Out.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask($"preparing on {device}");
                return train(new Reporter(at =>
                {
                    task.MaxValue = at.Steps;
                    task.Value = at.Step;
                    task.Description = $"{device}  step {at.Step}/{at.Steps}  epoch {at.Epoch}  train {Format.Nats(at.TrainNll)}  " +
                        $"best dev {(at.BestDevNll is { } best ? Format.Nats(best) : "-")}";
                }));
            });

    private static void WriteEpoch(TrainingProgress at, string device, Action<string> write)
    {
        if (at.DevNll is { } dev)
        {
            write($"epoch {at.Epoch}, step {at.Step} of {at.Steps}: train NLL {Format.Nats(at.TrainNll)}, " +
                $"dev NLL {Format.Nats(dev)}, best {Format.Nats(at.BestDevNll ?? dev)}, on {device}");
        }
    }

    private static string Describe(DataSplit split, TrainingData data) => split.Cut is { } cut
        ? $"time, {Format.Duration((cut - data.Train.Min(s => s.Times[0])) * data.UnitSeconds)} after the first event" : "stream";

    private static string Describe(IReadOnlyList<EventSequence> sequences) =>
        $"{Format.Count(sequences.Count, "sequence")}, {Format.Count(sequences.Sum(s => (long)s.Times.Length), "event")}";

    /// <summary>Reports on the caller's thread and in order, which <see cref="Progress{T}"/> does not promise.</summary>
    private sealed class Reporter(Action<TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(value);
    }
}
