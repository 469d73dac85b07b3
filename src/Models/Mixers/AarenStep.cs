using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Aaren's recurrent form.</summary>
internal sealed unsafe class AarenStep : MixerStep
{
    private readonly AarenMixer _mixer;
    private readonly int _width, _heads, _offset, _stride, _firstElement;
    private readonly float* _weights, _scores, _values;
    private readonly AlignedBuffer _scratch, _rates = new(2 * Mixer.MaxHeads);
    private readonly int[] _headOfElement;

    public AarenStep(AarenMixer mixer, ModelConfig config, int layer, float* weights)
    {
        _mixer = mixer;
        _weights = weights;
        (_width, _heads, _offset, _stride, _firstElement) =
            (config.Width, config.Heads, mixer.StateOffset, mixer.OutputStride, layer * config.Width);
        _scratch = new AlignedBuffer(RowTile.MaxRows * (long)(Mixer.MaxHeads + config.Width));
        _scores = _scratch.Pointer;
        _values = _scores + RowTile.MaxRows * Mixer.MaxHeads;
        _headOfElement = [.. Enumerable.Range(0, config.Width).Select(j => j / (config.Width / config.Heads))];
        mixer.Decay.Rates(weights, _rates.Pointer, _rates.Pointer + Mixer.MaxHeads);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Advance(ReadOnlySpan<StepInput> inputs, float* hidden, RowTile rows, float* output)
    {
        _mixer.Project(_weights, hidden, _scores, _values, inputs.Length);
        int d = _width, heads = _heads;
        var perTime = Vector512.Load(_rates.Pointer);
        var perEvent = Vector512.Load(_rates.Pointer + Mixer.MaxHeads);
        float* highs = stackalloc float[AarenLanes.Count], lows = stackalloc float[AarenLanes.Count];
        new Span<float>(highs, AarenLanes.Count).Clear();
        new Span<float>(lows, AarenLanes.Count).Clear();
        ReadOnlySpan<int> headOfElement = _headOfElement;
        for (int i = 0; i < inputs.Length; i++, output += _stride)
        {
            float* average = rows.Fixed[i] + _offset;
            float* mass = average + d;
            Unsafe.CopyBlock(highs, mass, (uint)heads * sizeof(float));
            Unsafe.CopyBlock(lows, mass + heads, (uint)heads * sizeof(float));
            Vector512<float> high = Vector512.Load(highs), low = Vector512.Load(lows);
            var fade = inputs[i].Ordinal == 0
                ? Vector512<float>.Zero
                : Vector512.FusedMultiplyAdd(perTime, Vector512.Create((float)inputs[i].Gap), perEvent);
            var gates = AarenLanes.Advance(ref high, ref low, Vector512.Load(_scores + i * AarenLanes.Count), fade);
            high.Store(highs);
            low.Store(lows);
            Unsafe.CopyBlock(mass, highs, (uint)heads * sizeof(float));
            Unsafe.CopyBlock(mass + heads, lows, (uint)heads * sizeof(float));

            for (int j = 0; j < d; j += 16)
            {
                // Heads need not fill vectors: each element looks its head's gate up.
                var noise = Dither.Noise((uint)inputs[i].Ordinal, (uint)(_firstElement + j));
                var result = Dither.Lerp(Vector512.Load(average + j), Vector512.Load(_values + i * d + j),
                    Vector512.Shuffle(gates, Vector512.Create(headOfElement.Slice(j, 16))), noise);
                result.Store(average + j);
                result.Store(output + j);
            }
            (high + low).Store(output + d);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _scratch.Dispose();
        _rates.Dispose();
    }
}
