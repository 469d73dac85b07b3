using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Cli.Options;

/// <summary>--mixer and --states of the verbs that use a trained model: how many events a softmax model keeps, and which.</summary>
internal sealed class ModelSettings
{
    /// <summary>The policy, or null for the model as it is.</summary>
    public Option<string> Mixer { get; } = Settings.Text("--mixer", "name",
        "Bound a softmax model's states without training it anew: tova, window, window+i (the first i events stay) or h2o, with --states.");

    /// <summary>Events kept, or null.</summary>
    public Option<int?> States { get; } =
        Settings.OptionalNumber("--states", "Events that --mixer keeps per layer.", 1, ModelConfig.MaxStates);

    /// <summary>The model as the options want it.</summary>
    /// <exception cref="UsageException">Model and options do not go together.</exception>
    public ForecastModel Apply(ForecastModel model, ParseResult parsed)
    {
        (string? mixer, int? states) = (parsed.GetValue(Mixer), parsed.GetValue(States));
        return Apply(model, mixer, states);
    }

    /// <summary>The model as the options want it; both null leave it as it is.</summary>
    /// <exception cref="UsageException">Model and options do not go together.</exception>
    public static ForecastModel Apply(ForecastModel model, string? mixer, int? states)
    {
        if (mixer is null && states is null)
        {
            return model;
        }
        try
        {
            return model.WithMixer(mixer ?? model.Config.Mixer, states ?? 0);
        }
        catch (ArgumentException bad)
        {
            throw new UsageException(
                $"{bad.Message} --mixer names a policy and --states how many events it keeps, as in --mixer tova --states 64.");
        }
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
