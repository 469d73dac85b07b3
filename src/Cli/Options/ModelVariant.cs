using Foretell.Cli.Shell;
using Foretell.Models.Network;

namespace Foretell.Cli.Options;

/// <summary>What of a trained model is chosen for its use; all null leave it as it is.</summary>
/// <param name="Mixer">Policy that bounds a softmax model's states.</param>
/// <param name="States">Events that the policy keeps per layer.</param>
/// <param name="Adapt">Whether each stream's forecasts follow what it shows of its own.</param>
internal sealed record ModelVariant(string? Mixer, int? States, bool? Adapt)
{
    /// <summary>The model as it was chosen.</summary>
    /// <exception cref="UsageException">Model and choice do not go together.</exception>
    public ForecastModel Of(ForecastModel model)
    {
        model = model.WithAdaptation(Adapt ?? model.Config.Adapt);
        if (Mixer is null && States is null)
        {
            return model;
        }
        try
        {
            return model.WithMixer(Mixer ?? model.Config.Mixer, States ?? 0);
        }
        catch (ArgumentException bad)
        {
            throw new UsageException(
                $"{bad.Message} --mixer names a policy and --states how many events it keeps, as in --mixer tova --states 64.");
        }
    }
}
