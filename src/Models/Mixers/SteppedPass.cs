using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Runs a recurrent form over whole sequences: a policy that bounds the states has no parallel form, and is not trained.</summary>
internal sealed unsafe class SteppedPass(Mixer mixer, ModelConfig config) : MixerPass
{
    /// <inheritdoc/>
    public override void Forward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output)
    {
        using MixerStep step = mixer.Recurrent(weights);
        using var row = new AlignedBuffer(mixer.StateOffset + mixer.StateFloats);
        float* start = row.Pointer;
        var rows = new RowTile(&start, null);
        foreach (int n in lengths)
        {
            mixer.WriteEmpty(row.Span[mixer.StateOffset..]);
            for (int t = 0; t < n; t++, gaps++, hidden += config.Width, output += mixer.OutputStride)
            {
                step.Advance([new StepInput(0, 0, *gaps, t)], hidden, rows, output);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output,
        float* dOutput, float* dHidden, float* gradient) =>
        throw new NotSupportedException(
            $"A model bounded by '{config.Mixer}' is not trained; train with mixer softmax and bound the result.");

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
