using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>Aaren in chunks. All that was before a chunk is one more event: the average is its value, the log-mass its score.</summary>
/// <remarks>Source: Feng et al. 2024, "Attention as an RNN", section 3.2: joining two stretches of a sequence is exact.</remarks>
internal sealed class AarenAttention(ModelConfig config, DeviceParameters parameters, string layer)
    : ChunkedAttention(config, parameters, layer)
{
    private readonly int _width = config.Width;
    private Tensor? _average, _logMass;

    /// <inheritdoc/>
    protected override Tensor Project(Tensor hidden) => torch.cat([Linear(hidden, "value"), Linear(hidden, "score")], 1);

    /// <inheritdoc/>
    protected override (Tensor Values, Tensor LogMass) Attend(SequenceChunk chunk, Tensor projected)
    {
        int s = chunk.Sequences, l = chunk.Length, past = chunk.Start == 0 ? 0 : 1;
        Tensor values = Split(projected, 0, _width), scores = Split(projected, _width, Heads).transpose(2, 3).expand(s, Heads, l, l);
        if (past > 0)
        {
            values = torch.cat([_average!.narrow(0, 0, s), values], 2);
            scores = torch.cat([_logMass!.narrow(0, 0, s).unsqueeze(3).expand(s, Heads, l, 1), scores], 3);
        }
        Tensor eventAges = EventAges(chunk, chunk.Start - past, l + past);
        Tensor ages = Ages(chunk, chunk.Times.narrow(1, 1 - past, l + past));
        (Tensor averages, Tensor logMass) = Average(Causal(scores, Fade(ages, eventAges), eventAges), values);
        (_average, _logMass) = (averages.narrow(2, l - 1, 1), logMass.narrow(2, l - 1, 1));
        return (averages, logMass);
    }
}
