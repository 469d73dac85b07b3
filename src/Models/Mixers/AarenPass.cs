using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Aaren's parallel form: a prefix scan over each sequence (<see cref="AarenScan"/>).</summary>
internal sealed unsafe class AarenPass(AarenMixer mixer, ModelConfig config, int rows) : MixerPass
{
    private readonly AlignedBuffer _scores = new((long)rows * Mixer.MaxHeads), _values = new((long)rows * config.Width),
        _gates = new((long)rows * Mixer.MaxHeads);
    private AlignedBuffer? _dScores, _dValues;

    /// <inheritdoc/>
    public override void Forward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output)
    {
        int d = config.Width, heads = Mixer.MaxHeads, stride = mixer.OutputStride, row = 0;
        mixer.Project(weights, hidden, _scores.Pointer, _values.Pointer, Sum(lengths));
        float* time = stackalloc float[heads], events = stackalloc float[heads];
        mixer.Decay.Rates(weights, time, events);
        foreach (int n in lengths)
        {
            float* start = output + (nint)row * stride;
            AarenScan.Forward(_scores.Pointer + (nint)row * heads, _values.Pointer + (nint)row * d, gaps + row, time, events,
                config.Heads, d, n, start, stride, start + d, stride, _gates.Pointer + (nint)row * heads, Math.Max(n, 1));
            row += n;
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output,
        float* dOutput, float* dHidden, float* gradient)
    {
        int d = config.Width, heads = Mixer.MaxHeads, stride = mixer.OutputStride, row = 0;
        _dScores ??= new AlignedBuffer(_scores.Length);
        _dValues ??= new AlignedBuffer(_values.Length);
        float* dTime = stackalloc float[heads], dEvents = stackalloc float[heads];
        new Span<float>(dTime, heads).Clear();
        new Span<float>(dEvents, heads).Clear();
        foreach (int n in lengths)
        {
            float* start = dOutput + (nint)row * stride;
            AarenScan.Backward(_values.Pointer + (nint)row * d, gaps + row, output + (nint)row * stride, stride,
                _gates.Pointer + (nint)row * heads, config.Heads, d, n, start, stride, config.Decay ? start + d : null, stride,
                _dValues.Pointer + (nint)row * d, _dScores.Pointer + (nint)row * heads, dTime, dEvents);
            row += n;
        }
        mixer.Decay.Backward(weights, dTime, dEvents, gradient);
        mixer.ProjectBackward(weights, hidden, _dScores.Pointer, _dValues.Pointer, dHidden, row, gradient);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _scores.Dispose();
        _values.Dispose();
        _gates.Dispose();
        _dScores?.Dispose();
        _dValues?.Dispose();
    }
}
