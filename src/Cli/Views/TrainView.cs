using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a training goes, as a bar on a terminal and as a line an epoch elsewhere, and its result.</summary>
internal static class TrainView
{
    /// <summary>Runs <paramref name="train"/> and shows what it reports.</summary>
    public static TrainingResult Show(Func<IProgress<TrainingProgress>, TrainingResult> train) =>
        Terminal.IsInteractive ? WithBar(train) : train(new Reporter(WriteEpoch));

    /// <summary>The table at the end.</summary>
    public static void Summarise(TrainingResult result, IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev,
        string output, TimeSpan took)
    {
        ModelConfig config = result.Model.Config;
        Table table = Tables.KeyValue()
            .AddRow("model", result.Model.Id)
            .AddRow("shape", $"{config.Mixer}{(config.Decay ? "" : " without decay")}, width {config.Width}, " +
                $"{config.Layers} {(config.Layers == 1 ? "layer" : "layers")}, {config.Heads} heads, {config.Components} components")
            .AddRow("marks", config.Marks.Count == 0 ? "none" : config.Marks.Count.ToString(CultureInfo.InvariantCulture))
            .AddRow("time unit", Format.Duration(config.TimeUnitSeconds))
            .AddRow("clock grid", config.Resolution == 0 ? "none" : Format.Duration(config.Resolution * config.TimeUnitSeconds))
            .AddRow("train", Describe(train))
            .AddRow("dev", Describe(dev))
            .AddRow("best dev NLL",
                $"{Format.Nats(result.DevNll)} nats an event{(config.Censored ? " or open end" : "")}, in epoch {result.BestEpoch}")
            .AddRow("steps", result.Steps.ToString(CultureInfo.InvariantCulture))
            .AddRow("took", Format.Duration(took.TotalSeconds))
            .AddRow("bytes a stream", result.Model.Grows
                ? $"{Format.Count(result.Model.StateBytesAfter(1000))} after 1,000 events, growing with each"
                : Format.Count(result.Model.StateBytes))
            .AddRow("written to", Terminal.Escape(output));
        Terminal.Out.Write(table);
    }

    private static TrainingResult WithBar(Func<IProgress<TrainingProgress>, TrainingResult> train) =>
        Terminal.Out.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("preparing");
                return train(new Reporter(at =>
                {
                    task.MaxValue = at.Steps;
                    task.Value = at.Step;
                    task.Description = $"step {at.Step}/{at.Steps}  epoch {at.Epoch}  train {Format.Nats(at.TrainNll)}  " +
                        $"best dev {(at.BestDevNll is { } best ? Format.Nats(best) : "-")}";
                }));
            });

    private static void WriteEpoch(TrainingProgress at)
    {
        if (at.DevNll is { } dev)
        {
            Terminal.Out.WriteLine($"epoch {at.Epoch}, step {at.Step} of {at.Steps}: train NLL {Format.Nats(at.TrainNll)}, " +
                $"dev NLL {Format.Nats(dev)}, best {Format.Nats(at.BestDevNll ?? dev)}");
        }
    }

    private static string Describe(IReadOnlyList<EventSequence> sequences) =>
        $"{Format.Count(sequences.Count)} sequences, {Format.Count(sequences.Sum(s => (long)s.Times.Length))} events";

    /// <summary>Reports on the caller's thread and in order, which <see cref="Progress{T}"/> does not promise.</summary>
    private sealed class Reporter(Action<TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(value);
    }
}
