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
            + torch.addmm(parameters["embed.bias"], batch.Factors, parameters["embed.gap"], 1, 1);
        for (int l = 0; l < config.Layers; l++)
        {
            string layer = $"layer.{l}.";
            Tensor attended = ChunkedAttention.Create(config, parameters, layer).Run(Normalise(x, layer + "norm1"), batch);
            x = x + Linear(attended, layer + "output");
            Tensor inner = torch.nn.functional.silu(Linear(Normalise(x, layer + "norm2"), layer + "feedforward.in"));
            x = x + Linear(inner, layer + "feedforward.out");
        }
        Tensor hidden = Normalise(x, "norm");
        return (Linear(hidden, "time"), batch.Features is null ? null : Marks(hidden, batch.Features));
    }

    private Tensor Marks(Tensor hidden, Tensor features)
    {
        Tensor inner = Linear(hidden, "mark.hidden") + features.mm(parameters["mark.gap.weight"]);
        return Linear(hidden, "mark") + torch.nn.functional.silu(inner).mm(parameters["mark.mix.weight"]);
    }

    private Tensor Linear(Tensor x, string name) =>
        torch.addmm(parameters[name + ".bias"], x, parameters[name + ".weight"], 1, 1);

    private Tensor Normalise(Tensor x, string name) =>
        torch.nn.functional.layer_norm(x, [config.Width], parameters[name + ".gain"], parameters[name + ".bias"], 1e-5);
}
