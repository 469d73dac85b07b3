using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>Softmax attention in chunks of queries; what is carried is every key and value so far.</summary>
internal sealed class SoftmaxAttention(ModelConfig config, DeviceParameters parameters, string layer)
    : ChunkedAttention(config, parameters, layer)
{
    private readonly int _width = config.Width;
    private Tensor? _keys, _values, _times;

    /// <inheritdoc/>
    protected override Tensor Project(Tensor hidden) =>
        torch.cat([Linear(hidden, "query"), Linear(hidden, "key"), Linear(hidden, "value")], 1);

    /// <inheritdoc/>
    protected override (Tensor Values, Tensor LogMass) Attend(SequenceChunk chunk, Tensor projected)
    {
        Tensor queries = Split(projected, 0, _width).Times(1 / MathF.Sqrt(HeadWidth));
        _keys = Append(_keys, Split(projected, _width, _width), chunk, dimension: 2);
        _values = Append(_values, Split(projected, 2 * _width, _width), chunk, dimension: 2);
        _times = Append(_times, chunk.Times.narrow(1, 1, chunk.Length), chunk, dimension: 1);
        Tensor eventAges = EventAges(chunk, 0, chunk.Start + chunk.Length);
        return Average(Causal(queries.matmul(_keys.transpose(2, 3)), Fade(Ages(chunk, _times), eventAges), eventAges), _values);
    }

    private static Tensor Append(Tensor? before, Tensor now, SequenceChunk chunk, int dimension) =>
        before is null ? now : torch.cat([before.narrow(0, 0, chunk.Sequences), now], dimension);
}
