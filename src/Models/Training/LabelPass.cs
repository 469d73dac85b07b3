using Foretell.Models.Heads;

namespace Foretell.Models.Training;

/// <summary>A label head over the rows of a pass: each event says which class it is by all up to it. Of a stream's kind every event does,
/// so that the length of a stream cannot tell.</summary>
/// <param name="head">The head.</param>
/// <param name="truth">The class that it is behind an event, by the event's index; -1 where nobody says.</param>
internal sealed unsafe class LabelPass(LabelHead head, Func<EncodedSequence, int, int> truth) : RowPass(head.Weight.Stride)
{
    /// <summary>Logits of one row. Shape [c].</summary>
    public ReadOnlySpan<float> Logits(int row) => Outputs(row)[..head.Labels];

    /// <inheritdoc/>
    protected override void Forward(float* weights, float* hidden, float* outputs, int rows) => head.Logits(weights, hidden, outputs, rows);

    /// <inheritdoc/>
    protected override double Score(EncodedSequence sequence, int t, ReadOnlySpan<float> outputs, double gradientScale,
        Span<float> gradient) => truth(sequence, t) is var label && label < 0 ? 0
            : MarkHead.LogProbability(outputs[..head.Labels], label, gradientScale, gradient.IsEmpty ? [] : gradient[..head.Labels]);

    /// <inheritdoc/>
    protected override void Backward(float* weights, float* hidden, float* dOutputs, float* dHidden, int rows, bool accumulate,
        float* gradient) => head.Backward(weights, hidden, dOutputs, dHidden, rows, accumulate, gradient);
}
