using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Linear attention's recurrent form.</summary>
internal sealed unsafe class LinearStep : MixerStep
{
    private readonly LinearMixer _mixer;
    private readonly int _width, _headWidth;
    private readonly uint _firstElement;
    private readonly AlignedBuffer _scratch;
    private readonly float* _weights, _queries, _keys, _values, _gates, _shares, _time, _events;

    public LinearStep(LinearMixer mixer, ModelConfig config, int layer, float* weights)
    {
        _mixer = mixer;
        _weights = weights;
        (_width, _headWidth) = (config.Width, config.Width / config.Heads);
        _firstElement = (uint)(layer * LinearMixer.AverageFloats(config));
        int tile = RowTile.MaxRows * config.Width, row = config.Width + LinearAttention.Slack;
        _scratch = new AlignedBuffer(3L * tile + 4L * row + LinearAttention.Slack);
        _queries = _scratch.Pointer;
        _keys = _queries + tile;
        _gates = _keys + tile;
        _shares = _gates + row;
        _time = _shares + row;
        _events = _time + row;
        _values = _events + row;
        mixer.Rates(weights, _time, _events);
    }

    /// <inheritdoc/>
    public override void Advance(ReadOnlySpan<StepInput> inputs, float* hidden, RowTile rows, float* output)
    {
        int d = _width, n = inputs.Length;
        _mixer.Projections.Forward(_weights, hidden, _queries, _keys, _values, n);
        LinearAttention.LogFeatures(_queries, n * d);
        LinearAttention.LogFeatures(_keys, n * d);
        for (int i = 0; i < n; i++)
        {
            float* state = rows.Fixed[i] + _mixer.StateOffset;
            LinearAttention.Advance(state, _keys + i * d, _values + i * d, _time, _events, (float)inputs[i].Gap, inputs[i].Ordinal == 0,
                _gates, d, _headWidth, new DitheredRounding(inputs[i].Ordinal), _firstElement);
            LinearAttention.Read(state, _queries + i * d, _shares, output + i * _mixer.OutputStride, d, _headWidth);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _scratch.Dispose();
}
