using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Stepping;

/// <summary>Aaren's recurrent form: a mass for each head.</summary>
internal sealed class AarenStepMixer(ModelConfig config, DeviceParameters parameters, int layer, TorchDevice device)
    : StepMixer(config, parameters, layer, device, config.Width, config.Heads)
{
    /// <inheritdoc/>
    public override (Tensor State, Tensor Output) Advance(Tensor state, Tensor hidden, in StepEvents events)
    {
        Tensor values = Linear(hidden, "value").view(-1, Config.Heads, Config.Width / Config.Heads);
        (Tensor after, Tensor averages, Tensor logMass) = Fold(state, Linear(hidden, "score"), values, events);
        Tensor output = averages.reshape(-1, Config.Width);
        return (after, Config.Decay ? torch.cat([output, logMass], 1) : output);
    }
}
