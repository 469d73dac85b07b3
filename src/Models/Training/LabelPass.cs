using Foretell.Models.Heads;

namespace Foretell.Models.Training;

/// <summary>The label head over the rows of a pass: each event says what kind of stream it is by all up to it, so that the length of a
/// stream cannot tell.</summary>
internal sealed unsafe class LabelPass(LabelHead head) : RowPass(head.Weight.Stride)
{
    /// <summary>Logits of one row. Shape [c].</summary>
    public ReadOnlySpan<float> Logits(int row) => Outputs(row)[..head.Labels];

    /// <inheritdoc/>
    protected override void Forward(float* weights, float* hidden, float* outputs, int rows) => head.Logits(weights, hidden, outputs, rows);

    /// <inheritdoc/>
    protected override double Score(EncodedSequence sequence, int t, ReadOnlySpan<float> outputs, double gradientScale,
        Span<float> gradient) => sequence.Label < 0 ? 0 : MarkHead.LogProbability(outputs[..head.Labels], sequence.Label, gradientScale,
            gradient.IsEmpty ? [] : gradient[..head.Labels]);

    /// <inheritdoc/>
    protected override void Backward(float* weights, float* hidden, float* dOutputs, float* dHidden, int rows, bool accumulate,
        float* gradient) => head.Backward(weights, hidden, dOutputs, dHidden, rows, accumulate, gradient);
}
