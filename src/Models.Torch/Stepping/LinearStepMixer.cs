using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Stepping;

/// <summary>Linear attention's recurrent form: a mass for each feature, whose score is ln phi(k); reading weighs the features'
/// averages by phi(q) times their masses.</summary>
internal sealed class LinearStepMixer(ModelConfig config, DeviceParameters parameters, int layer, TorchDevice device)
    : StepMixer(config, parameters, layer, device, config.Width * (config.Width / config.Heads), config.Width)
{
    /// <inheritdoc/>
    public override (Tensor State, Tensor Output) Advance(Tensor state, Tensor hidden, in StepEvents events)
    {
        int b = (int)hidden.shape[0], heads = Config.Heads, width = Config.Width / heads;
        // Every feature of a head takes the head's value in.
        Tensor values = Linear(hidden, "value").view(b, heads, 1, width).expand(b, heads, width, width).reshape(b, Config.Width, width);
        (Tensor after, Tensor averages, Tensor mass) = Fold(state, LinearFeatures.Log(Linear(hidden, "key")), values, events);
        Tensor scores = LinearFeatures.Log(Linear(hidden, "query")).Plus(mass).view(b, heads, width);
        Tensor logMass = scores.logsumexp(-1, keepdim: true);
        Tensor output = (scores - logMass).exp().unsqueeze(2).matmul(averages.view(b, heads, width, width)).reshape(b, Config.Width);
        return (after, Config.Decay ? torch.cat([output, logMass.squeeze(-1)], 1) : output);
    }
}
