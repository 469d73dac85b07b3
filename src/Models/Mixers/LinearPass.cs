using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Linear attention's parallel form: over sequences, heads and features at once, and in time by the recurrence.</summary>
/// <remarks>
/// As in the paper (section 3.3.1) the forward pass keeps no state per event. Here it keeps one in <see cref="Stretch"/>
/// events; the backward pass runs each stretch again from there, then goes back through it.
/// </remarks>
internal sealed unsafe class LinearPass : MixerPass
{
    private const int Stretch = 32;
    private readonly LinearMixer _mixer;
    private readonly ModelConfig _config;
    private readonly int _width, _headWidth, _stateFloats;
    private readonly AlignedBuffer _queries, _keys, _values, _gates, _shares, _time, _events;
    private AlignedBuffer _kept;
    private LinearGradient? _gradient;

    public LinearPass(LinearMixer mixer, ModelConfig config, int rows)
    {
        (_mixer, _config) = (mixer, config);
        (_width, _headWidth, _stateFloats) = (config.Width, config.Width / config.Heads, mixer.StateFloats);
        long all = (long)rows * _width + LinearAttention.Slack, stretch = (long)Stretch * _width + LinearAttention.Slack;
        (_queries, _keys, _values) = (new(all), new(all), new(all));
        (_gates, _shares, _time, _events) = (new(stretch), new(stretch), new(_width), new(_width));
        _kept = new AlignedBuffer(0);
    }

    /// <inheritdoc/>
    public override void Forward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output)
    {
        int row = 0, stretch = 0, total = Sum(lengths);
        _mixer.Projections.Forward(weights, hidden, _queries.Pointer, _keys.Pointer, _values.Pointer, total);
        LinearAttention.LogFeatures(_queries.Pointer, total * _width);
        LinearAttention.LogFeatures(_keys.Pointer, total * _width);
        _mixer.Rates(weights, _time.Pointer, _events.Pointer);
        Reserve(Stretches(lengths));
        using var state = new AlignedBuffer(_stateFloats);
        foreach (int n in lengths)
        {
            _mixer.WriteEmpty(state.Span);
            for (int t = 0; t < n; t++, row++)
            {
                if (t % Stretch == 0)
                {
                    state.Span.CopyTo(Kept(stretch++));
                }
                Run(state.Pointer, row, t == 0, gaps[row], _gates.Pointer, _shares.Pointer, output + (nint)row * _mixer.OutputStride);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output,
        float* dOutput, float* dHidden, float* gradient)
    {
        _gradient ??= new LinearGradient(_config, _queries.Length);
        _gradient.Clear();
        int end = Sum(lengths), rows = end, stretches = Stretches(lengths);
        using var states = new AlignedBuffer((Stretch + 1L) * _stateFloats);
        using var again = new AlignedBuffer(_mixer.OutputStride);
        for (int s = lengths.Length - 1; s >= 0; s--)
        {
            int first = end - lengths[s];
            _gradient.BeginSequence();
            for (int start = first + (Stretches(lengths[s]) - 1) * Stretch; start >= first; start -= Stretch, end = start + Stretch)
            {
                Kept(--stretches).CopyTo(states.Span);
                for (int row = start; row < end; row++)
                {
                    float* state = states.Pointer + (nint)(row - start) * _stateFloats;
                    new Span<float>(state, _stateFloats).CopyTo(new Span<float>(state + _stateFloats, _stateFloats));
                    Run(state + _stateFloats, row, row == first, gaps[row], Of(_gates, row - start), Of(_shares, row - start),
                        again.Pointer);
                }
                for (int row = end - 1; row >= start; row--)
                {
                    float* before = states.Pointer + (nint)(row - start) * _stateFloats;
                    _gradient.Back(before, before + _stateFloats, Of(_values, row), Of(_gates, row - start), Of(_shares, row - start),
                        row == first ? 0 : gaps[row], row == first, output + (nint)row * _mixer.OutputStride,
                        dOutput + (nint)row * _mixer.OutputStride, row);
                }
            }
            end = first;
        }
        LinearAttention.LogFeaturesBackward(_queries.Pointer, _gradient.Queries, rows * _width);
        LinearAttention.LogFeaturesBackward(_keys.Pointer, _gradient.Keys, rows * _width);
        _gradient.AddDecay(_mixer.Decay, weights, gradient);
        _mixer.Projections.Backward(weights, hidden, _gradient.Queries, _gradient.Keys, _gradient.Values, dHidden, rows, gradient);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (AlignedBuffer buffer in new[] { _queries, _keys, _values, _gates, _shares, _time, _events, _kept })
        {
            buffer.Dispose();
        }
        _gradient?.Dispose();
    }

    private void Run(float* state, int row, bool first, float gap, float* gates, float* shares, float* output)
    {
        LinearAttention.Advance(state, Of(_keys, row), Of(_values, row), _time.Pointer, _events.Pointer, gap, first, gates, _width,
            _headWidth, default(NearestRounding), 0);
        LinearAttention.Read(state, Of(_queries, row), shares, output, _width, _headWidth);
    }

    private float* Of(AlignedBuffer buffer, int row) => buffer.Pointer + (nint)row * _width;

    private Span<float> Kept(int stretch) => new(_kept.Pointer + (nint)stretch * _stateFloats, _stateFloats);

    private void Reserve(long stretches)
    {
        if (_kept.Length < stretches * _stateFloats)
        {
            _kept.Dispose();
            _kept = new AlignedBuffer(stretches * _stateFloats);
        }
    }

    private static int Stretches(int length) => (length + Stretch - 1) / Stretch;

    private static int Stretches(ReadOnlySpan<int> lengths)
    {
        int sum = 0;
        foreach (int n in lengths)
        {
            sum += Stretches(n);
        }
        return sum;
    }
}
