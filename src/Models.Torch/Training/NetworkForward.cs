using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>The parallel form of the whole network in Torch's operations; autograd finds the way back.</summary>
internal sealed class NetworkForward(ModelConfig config, DeviceParameters parameters)
{
    /// <summary>Runs a batch.</summary>
    /// <returns>Outputs of the time head [n, 3k or more], and the mark logits [n, m] or null without marks.</returns>
    public (Tensor Time, Tensor? Marks) Run(SequenceBatch batch)
    {
        int d = config.Width;
        Tensor x = parameters["embed.mark"].view(-1, d).index_select(0, batch.Marks)
            .Plus(torch.addmm(parameters["embed.bias"], batch.Factors, parameters["embed.gap"], 1, 1));
        for (int l = 0; l < config.Layers; l++)
        {
            string layer = $"layer.{l}.";
            var attention = ChunkedAttention.Create(config, parameters, layer);
            x = x.Plus(parameters.Linear(attention.Run(parameters.Normalise(x, layer + "norm1"), batch), layer + "output"));
            x = parameters.FeedForward(x, layer);
        }
        Tensor hidden = parameters.Normalise(x, "norm");
        return (parameters.Linear(hidden, "time"), batch.Features is null ? null : Marks(hidden, batch.Features));
    }

    private Tensor Marks(Tensor hidden, Tensor features)
    {
        Tensor inner = parameters.Linear(hidden, "mark.hidden").Plus(features.mm(parameters["mark.gap.weight"]));
        return parameters.Linear(hidden, "mark").Plus(torch.nn.functional.silu(inner).mm(parameters["mark.mix.weight"]));
    }
}
