using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Cli.Options;

/// <summary>--mixer, --states, --adapt and --no-adapt of the verbs that use a trained model: what can be chosen after training.</summary>
internal sealed class ModelSettings
{
    /// <summary>The policy, or null for the model as it is.</summary>
    public Option<string> Mixer { get; } = Settings.Text("--mixer", "name",
        "Bound a softmax model's states without training it anew: tova, window, window+i (the first i events stay) or h2o, with --states.");

    /// <summary>Events kept, or null.</summary>
    public Option<int?> States { get; } =
        Settings.OptionalNumber("--states", "Events that --mixer keeps per layer.", 1, ModelConfig.MaxStates);

    /// <summary>Adapt although the model's file does not say so.</summary>
    public Option<bool> Adapt { get; } = Settings.Flag("--adapt",
        "Let each stream's forecasts follow what it shows of its own, with a model whose file does not say so.");

    /// <summary>Do not adapt although it does.</summary>
    public Option<bool> NoAdapt { get; } = Settings.Flag("--no-adapt", "Forecasts as trained: they do not follow what each stream shows of its own.");

    /// <summary>What the options choose.</summary>
    /// <exception cref="UsageException">They contradict each other.</exception>
    public ModelVariant Read(ParseResult parsed)
    {
        (bool adapt, bool noAdapt) = (parsed.GetValue(Adapt), parsed.GetValue(NoAdapt));
        return adapt && noAdapt
            ? throw new UsageException("--adapt and --no-adapt say the opposite of each other. Give one of them, or none to do as the model's file says.")
            : new ModelVariant(parsed.GetValue(Mixer), parsed.GetValue(States), adapt ? true : noAdapt ? false : null);
    }

    /// <summary>Says so where rows grow without end: no one should learn it from a full memory.</summary>
    public static void WarnOfGrowth(ForecastModel model)
    {
        if (model.Grows)
        {
            Terminal.WriteNote(
                $"warning: with mixer {model.Config.Mixer} a stream's row grows by {Format.Count((model.StateBytesAfter(16) - model.StateBytesAfter(0)) / 16)} bytes with each event, "
                + "in memory and in each commit; keep a number of events with --mixer tova --states 64, or use aaren or linear for constant rows.");
        }
    }
}
