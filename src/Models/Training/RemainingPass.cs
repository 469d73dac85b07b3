using Foretell.Models.Heads;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The head of the remaining time over the rows of a pass: each event but the last says when the last comes.</summary>
internal sealed unsafe class RemainingPass(RemainingHead head) : HeadPass
{
    private AlignedBuffer? _outputs, _gradients;

    /// <summary>The mixture's parameters of one row. Shape [3k].</summary>
    public ReadOnlySpan<float> Outputs(int row) => new(_outputs!.Pointer + (nint)row * head.Weight.Stride, head.Weight.Columns);

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        int stride = head.Weight.Stride;
        if (_outputs is null || _outputs.Length < (long)rows * stride)
        {
            Dispose();
            _outputs = new AlignedBuffer((long)b.Rows * stride);
            _gradients = new AlignedBuffer((long)b.Rows * stride);
        }
        head.Outputs(weights, b.Hidden, _outputs.Pointer, rows);
        LogLikelihood = 0;
        int row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                var gradient = new Span<float>(_gradients!.Pointer + (nint)row * stride, stride);
                gradient.Clear();
                LogLikelihood += t == sequence.Length - 1 ? 0
                    : head.Time.LogDensity(Outputs(row), head.Interval(sequence.Remaining[t]), gradientScale, backward ? gradient : []);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient) =>
        head.Backward(weights, b.Hidden, _gradients!.Pointer, dHidden, rows, accumulate, gradient);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _outputs?.Dispose();
        _gradients?.Dispose();
    }
}
