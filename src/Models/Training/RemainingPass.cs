using Foretell.Models.Heads;

namespace Foretell.Models.Training;

/// <summary>The head of the remaining time over the rows of a pass: each event but the last says when the last comes.</summary>
internal sealed unsafe class RemainingPass(RemainingHead head) : RowPass(head.Weight.Stride)
{
    /// <summary>The mixture's parameters of one row. Shape [3k].</summary>
    public ReadOnlySpan<float> Mixture(int row) => Outputs(row)[..head.Weight.Columns];

    /// <inheritdoc/>
    protected override void Forward(float* weights, float* hidden, float* outputs, int rows) =>
        head.Outputs(weights, hidden, outputs, rows);

    /// <inheritdoc/>
    protected override double Score(EncodedSequence sequence, int t, ReadOnlySpan<float> outputs, double gradientScale,
        Span<float> gradient) => t == sequence.Length - 1 ? 0
            : head.Time.LogDensity(outputs[..head.Weight.Columns], head.Interval(sequence.Remaining[t]), gradientScale, gradient);

    /// <inheritdoc/>
    protected override void Backward(float* weights, float* hidden, float* dOutputs, float* dHidden, int rows, bool accumulate,
        float* gradient) => head.Backward(weights, hidden, dOutputs, dHidden, rows, accumulate, gradient);
}
